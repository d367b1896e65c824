import { expect, it } from 'vitest';
import { newer } from './newest';

it('an answer that was overtaken by an event is dropped', () => {
  const event = { revision: 8, text: 'event' };
  expect(newer(event, { revision: 7, text: 'answer' })).toBe(event);
});

it('a newer state replaces the known one', () => {
  const given = { revision: 9 };
  expect(newer({ revision: 8 }, given)).toBe(given);
  expect(newer(null, given)).toBe(given);
});

it('the same state again changes nothing', () => {
  const known = { revision: 8 };
  expect(newer(known, { revision: 8 })).toBe(known);
});
