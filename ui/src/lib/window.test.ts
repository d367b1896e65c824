import { describe, expect, it } from 'vitest';
import { equalRows, inSight, moved, scrollTo, unequalRows, windowOf } from './window';

const mixed = unequalRows([28, 32, 32, 28, 32]);

describe('rows', () => {
  it('finds the row under a pixel, whatever the heights', () => {
    expect([0, 27, 28, 59, 60, 92, 119, 120, 151].map((y) => mixed.at(y))).toEqual([0, 0, 1, 1, 2, 3, 3, 4, 4]);
    expect(mixed.top(5)).toBe(152);
  });

  it('keeps pixels outside of the list inside of it', () => {
    expect([mixed.at(-50), mixed.at(9_999)]).toEqual([0, 4]);
    expect([equalRows(3, 28).at(-1), equalRows(3, 28).at(500)]).toEqual([0, 2]);
  });
});

describe('windowOf', () => {
  it('builds a few dozen rows of thousands', () => {
    expect(windowOf(equalRows(6_000, 32), 32_000, 640)).toEqual({ first: 992, end: 1_029 });
  });

  it('stops at both ends', () => {
    expect(windowOf(mixed, 0, 10_000)).toEqual({ first: 0, end: 5 });
    expect(windowOf(unequalRows([]), 0, 500)).toEqual({ first: 0, end: 0 });
  });

  it('covers every pixel in sight at every scroll position', () => {
    const rows = unequalRows(Array.from({ length: 400 }, (_, index) => (index % 7 === 0 ? 28 : 32)));
    for (let scroll = 0; scroll + 300 <= rows.top(400); scroll += 13) {
      const { first, end } = windowOf(rows, scroll, 300, 0);
      expect(rows.top(first)).toBeLessThanOrEqual(scroll);
      expect(rows.top(end)).toBeGreaterThanOrEqual(scroll + 300);
    }
  });
});

describe('inSight', () => {
  it('counts a row that is half hidden or less', () => {
    expect(inSight(equalRows(100, 28), 0, 280)).toEqual({ first: 0, last: 9 });
    expect(inSight(equalRows(100, 28), 10, 280)).toEqual({ first: 0, last: 9 });
    expect(inSight(equalRows(100, 28), 20, 280)).toEqual({ first: 1, last: 10 });
    expect(inSight(equalRows(0, 28), 0, 280)).toBeNull();
  });
});

describe('scrollTo', () => {
  it('moves only as far as needed', () => {
    const rows = equalRows(100, 28);
    expect(scrollTo(rows, 5, 0, 280)).toBe(0);
    expect(scrollTo(rows, 10, 0, 280)).toBe(28);
    expect(scrollTo(rows, 2, 280, 280)).toBe(56);
  });

  it('keeps a row clear of what covers the upper edge', () => {
    expect(scrollTo(equalRows(100, 28), 10, 280, 280, 28)).toBe(252);
    expect(scrollTo(equalRows(100, 28), 0, 280, 280, 28)).toBe(0);
  });
});

describe('moved', () => {
  const rows = equalRows(100, 28);
  it('goes by a row, by a page and to the ends', () => {
    expect(moved('ArrowDown', 4, rows, 280)).toBe(5);
    expect(moved('ArrowUp', 4, rows, 280)).toBe(3);
    expect(moved('Home', 40, rows, 280)).toBe(0);
    expect(moved('End', 40, rows, 280)).toBe(99);
    expect(moved('PageDown', 40, rows, 280)).toBe(48);
    expect(moved('PageUp', 3, rows, 280)).toBe(0);
  });

  it('starts at an end when nothing is chosen, and stays inside', () => {
    expect(moved('ArrowDown', -1, rows, 280)).toBe(0);
    expect(moved('ArrowUp', -1, rows, 280)).toBe(99);
    expect(moved('ArrowDown', 99, rows, 280)).toBe(99);
  });

  it('leaves other keys and empty lists alone', () => {
    expect(moved('a', 4, rows, 280)).toBeNull();
    expect(moved('ArrowDown', -1, equalRows(0, 28), 280)).toBeNull();
  });
});
