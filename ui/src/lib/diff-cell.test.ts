import { describe, expect, it } from 'vitest';
import type { ChangeKind, ChangeRow } from '../host/bindings';
import { isNumber, markOf, readable, readablePair } from './diff-cell';

const mark = (kind: ChangeKind, before: string | null, after: string | null, ratio: number | null, direction: ChangeRow['direction'] = 'none') => {
  const row = { before, after, ratio, percent: ratio === null ? null : (ratio - 1) * 100, direction } as ChangeRow;
  const { text, way } = markOf(row, kind);
  return way === null ? text : `${way} ${text}`;
};

describe('the mark beside a change', () => {
  it('has a sign and a direction for prices', () => {
    expect(mark('repriced', '2.50', '3.00', 1.2, 'rise')).toBe('rise +20.0%');
    expect(mark('repriced', '15.00', '12.00', 0.8, 'fall')).toBe('fall −20.0%');
  });

  it('tells a wild price as a factor', () => {
    expect(mark('repriced', '0.25', '250.00', 1000, 'rise')).toBe('rise ×1,000');
  });

  it('has words where a percentage would be none', () => {
    expect(mark('repriced', '0.00', '3.00', null)).toBe('new price');
    expect(mark('repriced', null, '3.00', null)).toBe('added');
    expect(mark('repriced', '10.00', null, null)).toBe('gone');
    expect(mark('repriced', 'free', '1.75', null)).toBe('changed');
  });

  it('tells limits as factors without rise or fall', () => {
    expect(mark('limits', '65,536', '131,072', 2)).toBe('×2');
    expect(mark('limits', '131,072', '65,536', 0.5)).toBe('×0.5');
    expect(mark('limits', '100', '1,000', 10)).toBe('×10');
  });
});

it('lines up numbers and leaves texts to their own layout', () => {
  expect(['0.125', '65,536', '−3', null].map(isNumber)).toEqual([true, true, true, true]);
  expect(['true', 'https://x.example/1', '2026-10-01'].map(isNumber)).toEqual([false, false, false]);
  expect([readable('131072'), readable('65,536'), readable('2500.00'), readable('999.5'), readable(null)]).toEqual(['131,072', '65,536', '2,500.00', '999.5', '—']);
  expect(['2026-10-01', '0012', 'v1234', '1234567890123456.123456789'].map(readable)).toEqual(['2026-10-01', '0012', 'v1234', '1,234,567,890,123,456.123456789']);
});

describe('old and new side by side', () => {
  it('have the same number of places, and lose no digit', () => {
    expect(readablePair('2.50', '2500.00')).toEqual(['2.50', '2,500.00']);
    expect(readablePair('0.125', '0.13')).toEqual(['0.125', '0.130']);
    expect(readablePair('3', '0.5')).toEqual(['3.00', '0.50']);
    expect(readablePair('0.0000001', '1,200.5')).toEqual(['0.0000001', '1,200.5000000']);
  });

  it('stay as they are where they are no two prices', () => {
    expect(readablePair('65536', '131,072')).toEqual(['65,536', '131,072']);
    expect(readablePair(null, '3.0')).toEqual(['—', '3.0']);
    expect(readablePair('free', '3.0')).toEqual(['free', '3.0']);
    expect(readablePair('1.2.3', '1.3')).toEqual(['1.2.3', '1.3']);
  });
});
