/** State arrives by two ways, as an answer and as events, and the older must never win. */
export interface Revised {
  revision: number;
  /** The program's time of this state. */
  now: string;
}

/** An answer is overtaken by seconds at most; a smaller revision later than that comes from a program that was started again. */
const RESTART_MS = 10_000;

/** The newer of two states; equal ones keep the known, so that nothing is drawn twice. */
export function newer<T extends Revised>(known: T | null, given: T): T {
  if (known === null || given.revision > known.revision) return given;
  const isRestarted = Date.parse(given.now) - Date.parse(known.now) > RESTART_MS && given.revision < known.revision;
  return isRestarted ? given : known;
}
