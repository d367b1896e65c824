/** Which maps the arrows of Changes lead to. */
import type { RevisionRow } from '../host';

type Row = Pick<RevisionRow, 'revision' | 'verdict' | 'is_composed'>;

/** What the program compares with by itself: no map that was put together here, and no held one. */
const isBefore = ({ is_composed, verdict }: Row): boolean => !is_composed && verdict !== 'held';

/**
 * The next older and the next newer map of those that a source gave; `rows` is the newest first. The oldest is passed
 * over: with nothing before it there is nothing to show.
 */
export function neighbours<T extends Row>(rows: readonly T[], revision: string): { older: T | undefined; newer: T | undefined } {
  const place = rows.findIndex((row) => row.revision === revision);
  if (place < 0) return { older: undefined, newer: undefined };
  return {
    older: rows.slice(place + 1).find((row, at, rest) => !row.is_composed && rest.slice(at + 1).some(isBefore)),
    newer: rows.slice(0, place).findLast(({ is_composed }) => !is_composed),
  };
}
