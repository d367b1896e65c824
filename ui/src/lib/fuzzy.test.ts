import { describe, expect, it } from 'vitest';
import { fuzzy, pieces } from './fuzzy';

function order(query: string, texts: string[]): string[] {
  return texts
    .map((text) => ({ text, match: fuzzy(query, text) }))
    .filter((one) => one.match !== null)
    .sort((a, b) => (b.match?.score ?? 0) - (a.match?.score ?? 0))
    .map((one) => one.text);
}

describe('finding what is meant', () => {
  it('takes the words in any order', () => {
    expect(fuzzy('prod sync', 'Sync prod-gateway')).not.toBeNull();
    expect(fuzzy('sync nowhere', 'Sync prod-gateway')).toBeNull();
  });

  it('prefers the start of a word, then the shorter text', () => {
    expect(order('set', ['Reset view', 'Settings: Source', 'Settings'])).toEqual(['Settings', 'Settings: Source', 'Reset view']);
    expect(order('opus', ['bedrock/claude-opus-4-8', 'claude-opus-4-8', 'corpus-model'])).toEqual(['claude-opus-4-8', 'bedrock/claude-opus-4-8', 'corpus-model']);
  });

  it('lets letters be left out, but not strewn about', () => {
    expect(fuzzy('syprod', 'Sync prod-gateway')).not.toBeNull();
    expect(fuzzy('gpt', 'google/palm-2-very-long-text')).toBeNull();
  });

  it('finds everything with nothing typed', () => {
    expect(fuzzy('  ', 'Overview')?.hits).toEqual([]);
  });

  it('takes signs as letters', () => {
    expect(fuzzy('a.b*', 'a.b*c')).not.toBeNull();
    expect(fuzzy('(', 'plain')).toBeNull();
  });
});

it('marks the letters that matched', () => {
  expect(pieces('Sync all', [0, 1, 5])).toEqual([
    { text: 'Sy', isHit: true }, { text: 'nc ', isHit: false }, { text: 'a', isHit: true }, { text: 'll', isHit: false },
  ]);
});
