import { expect, it } from 'vitest';
import { neighbours } from './neighbours';

const row = (revision: string, more: { is_composed?: boolean; verdict?: string } = {}) =>
  ({ revision, is_composed: false, verdict: 'accepted', ...more });

function names(rows: ReturnType<typeof row>[], revision: string): (string | undefined)[] {
  const { older, newer } = neighbours(rows, revision);
  return [older?.revision, newer?.revision];
}

it('the arrows lead one map back and one on', () => {
  const rows = ['d', 'c', 'b', 'a'].map((revision) => row(revision));
  expect(names(rows, 'c')).toEqual(['b', 'd']);
  expect(names(rows, 'd')).toEqual(['c', undefined]);
});

it('the oldest has nothing to be compared with', () => {
  const rows = ['c', 'b', 'a'].map((revision) => row(revision));
  expect(names(rows, 'b')).toEqual([undefined, 'c']);
  expect(names([row('b'), row('x'), row('a', { verdict: 'held' })], 'b')).toEqual([undefined, undefined]);
});

it('maps that were put together here are passed over, on both sides', () => {
  const made = { is_composed: true };
  const rows = [row('d'), row('made2', made), row('c'), row('made1', made), row('b'), row('a')];
  expect(names(rows, 'c')).toEqual(['b', 'd']);
});

it('a held map can be looked at', () => {
  expect(names([row('c'), row('b', { verdict: 'held' }), row('a')], 'c')).toEqual(['b', undefined]);
});

it('a map that is not listed has no neighbours', () => {
  expect(names([row('b'), row('a')], 'x')).toEqual([undefined, undefined]);
});
