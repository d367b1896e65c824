// Which rows of a long list are built: only those in sight and a few around them.

/** Where each row of a list stands, in pixels. */
export interface Rows {
  readonly count: number;
  /** The upper edge of row `index`; that of row `count` is the height of the whole list. */
  top(index: number): number;
  /** The row that covers the pixel `y`, kept inside the list; -1 in an empty list. */
  at(y: number): number;
}

/** Rows `first` up to and without `end` are built. */
export interface RowWindow {
  first: number;
  end: number;
}

/** Rows that are all equally high. */
export function equalRows(count: number, height: number): Rows {
  return {
    count,
    top: (index) => index * height,
    at: (y) => Math.min(count - 1, Math.max(0, Math.floor(y / height))),
  };
}

/** Rows of different heights. */
export function unequalRows(heights: ArrayLike<number>): Rows {
  const count = heights.length;
  const tops = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) tops[index + 1] = tops[index]! + heights[index]!;
  return {
    count,
    top: (index) => tops[index]!,
    at(y) {
      let low = 0;
      let high = count - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (tops[middle]! <= y) low = middle;
        else high = middle - 1;
      }
      return count === 0 ? -1 : low;
    },
  };
}

/** The rows to build for a view of `height` pixels that is scrolled to `scroll`. */
export function windowOf(rows: Rows, scroll: number, height: number, around = 8): RowWindow {
  if (rows.count === 0) return { first: 0, end: 0 };
  return {
    first: Math.max(0, rows.at(scroll) - around),
    end: Math.min(rows.count, rows.at(scroll + Math.max(0, height)) + 1 + around),
  };
}

/** The rows that a person sees at least half of; null in an empty list. */
export function inSight(rows: Rows, scroll: number, height: number): { first: number; last: number } | null {
  if (rows.count === 0) return null;
  const half = (index: number) => (rows.top(index) + rows.top(index + 1)) / 2;
  let first = rows.at(scroll);
  let last = rows.at(scroll + height - 1);
  if (first < last && half(first) < scroll) first++;
  if (last > first && half(last) > scroll + height) last--;
  return { first, last };
}

/** Where to scroll so that row `index` is wholly in sight below `covered` pixels; `scroll` where it is already. */
export function scrollTo(rows: Rows, index: number, scroll: number, height: number, covered = 0): number {
  if (index < 0 || index >= rows.count) return scroll;
  const top = rows.top(index);
  const bottom = rows.top(index + 1);
  if (top < scroll + covered) return Math.max(0, top - covered);
  if (bottom > scroll + height) return bottom - height;
  return scroll;
}

/** The row that a key goes to from row `chosen` (-1: none yet); null for every other key. */
export function moved(key: string, chosen: number, rows: Rows, height: number): number | null {
  const last = rows.count - 1;
  if (last < 0) return null;
  const from = Math.min(chosen, last);
  const page = (by: number) => {
    const start = rows.top(Math.max(0, from));
    const goal = rows.at(start + by * Math.max(1, height - 32));
    // A view lower than one row still moves.
    return goal === from ? from + by : goal;
  };
  const goal = {
    ArrowDown: from + 1,
    ArrowUp: from < 0 ? last : from - 1,
    Home: 0,
    End: last,
    PageDown: page(1),
    PageUp: page(-1),
  }[key];
  return goal === undefined ? null : Math.min(last, Math.max(0, goal));
}
