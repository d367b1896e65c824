import { expect, it } from 'vitest';
import { compact, dayName, modeName, providerName } from './labels';

it('names providers as they name themselves, and others as the map does', () => {
  expect([providerName('openai'), providerName('new_one'), providerName(null)]).toEqual(['OpenAI', 'new_one', '—']);
  // A name from the map must not reach into the language.
  expect([providerName('constructor'), modeName('__proto__')]).toEqual(['constructor', '__proto__']);
});

it('shortens sizes to what one reads at a glance', () => {
  expect([500, 8_192, 262_144, 999_600, 1_048_576, 1_500_000, 2_097_152].map(compact)).toEqual(['500', '8k', '262k', '1M', '1M', '1.5M', '2.1M']);
});

it('says today and yesterday by the calendar here, not by 24 hours', () => {
  const now = new Date(2026, 10, 22, 0, 30).getTime();
  expect(dayName(now - 3_600_000, now)).toBe('Yesterday');
  expect(dayName(now - 60_000, now)).toBe('Today');
  expect(dayName(now - 3 * 86_400_000, now)).toBe('19 Nov');
});
