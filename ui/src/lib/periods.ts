// Times of day, lengths of time and the next syncs: as the settings write them, and as people read them.

import type { ErrorView } from '../host';
import { clockTime, count, day } from './format';

// Quiet hours: `22:00-07:00`, or nothing.

export interface QuietTimes {
  from: string;
  to: string;
}

export function splitQuiet(quiet: string): QuietTimes {
  const [from = '', to = ''] = quiet.split('-').map((part) => part.trim());
  return { from, to };
}

/** Both times as one text; for `set` once `quietProblem` has nothing to say. */
export function joinQuiet({ from, to }: QuietTimes): string {
  if (from.trim() === '' && to.trim() === '') return '';
  return `${timeOf(from) ?? from}-${timeOf(to) ?? to}`;
}

/** A time of day as people type it: "7", "7:30", "0730" and "07:30" are the same kind. `null`: it is none. */
export function timeOf(text: string): string | null {
  const parts = /^(\d{1,2})(?::?(\d{2}))?$/.exec(text.trim());
  if (!parts) return null;
  const [hours, minutes] = [Number(parts[1]), Number(parts[2] ?? '0')];
  if (minutes > 59 || hours > 24 || (hours === 24 && minutes > 0)) return null;
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

/** What stands in the way of saving these two times: one is missing, or is no time. */
export function quietProblem({ from, to }: QuietTimes): ErrorView | null {
  const told = (message: string): ErrorView => ({ code: 'invalid_setting', message, detail: null, field: 'quiet' });
  if (from === '' && to === '') return null;
  if (from === '' || to === '') return told(`Also enter when quiet hours ${from === '' ? 'begin' : 'end'}, or clear both times.`);
  if (timeOf(from) === null || timeOf(to) === null) return told('Enter times as hours and minutes, like 22:00.');
  return null;
}

// Periods: `90s`, `5m`, `6h`, `1d`.

const UNITS: Record<string, [one: string, many: string]> = {
  s: ['second', 'seconds'],
  m: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  d: ['day', 'days'],
};

/** "6 hours"; "hour" for one of them when it follows "every". What is no period is shown as it stands. */
export function periodWords(period: string): string {
  const parts = /^(\d+)([smhd])$/.exec(period.trim());
  if (!parts) return period;
  const [, digits = '', letter = ''] = parts;
  const number = Number(digits);
  const [one, many] = UNITS[letter] ?? ['', ''];
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** "Every 6 hours", "Every hour", "Only when syncing". */
export function everyWords(period: string, off = 'Never'): string {
  if (period === 'off' || isZero(period)) return off;
  return `Every ${periodWords(period).replace(/^1 /, '')}`;
}

export function isZero(period: string): boolean {
  return /^0+[smhd]$/.test(period.trim());
}

export interface Choice {
  value: string;
  label: string;
}

/** The choices of a menu of periods; a value of the settings file that is none of them comes with. */
export function periodChoices(current: string, values: readonly string[], words: (value: string) => string): Choice[] {
  const known = values.some((value) => value === current || (isZero(value) && isZero(current)));
  const all = known ? values : [...values, current];
  return all.map((value) => ({ value, label: words(value) }));
}

/** "today 12:00, today 18:00, tomorrow 00:00": times of the schedule, here. */
export function nextSyncs(times: readonly string[], now: number): string {
  const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
  const today = midnight(new Date(now));
  return times
    .map((text) => {
      const at = new Date(text);
      // Rounded: a day on which the clocks change has 23 or 25 hours.
      const days = Math.round((midnight(at) - today) / 86_400_000);
      const word = days === 0 ? 'today' : days === 1 ? 'tomorrow' : day(at, now);
      return `${word} ${clockTime(at)}`;
    })
    .join(', ');
}
