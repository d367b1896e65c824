/** State arrives by two ways, as an answer and as events, and the older must never win. */
export interface Revised {
  revision: number;
}

/** The newer of two states; equal ones keep the known, so that nothing is drawn twice. */
export function newer<T extends Revised>(known: T | null, given: T): T {
  return known !== null && known.revision >= given.revision ? known : given;
}
