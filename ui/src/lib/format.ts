/** How numbers, times and ids read. Pure: the time comes in. */
import { visible } from './visible';

/** U+2212: as wide as a plus, unlike a hyphen. */
export const MINUS = '\u2212';

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** 4612 → "4,612". */
export function count(value: number): string {
  return whole.format(value).replace('-', MINUS);
}

/** "1 model", "4,612 models". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "3 entries need review". */
export function needReview(entries: number): string {
  return `${counted(entries, 'entry', 'entries')} ${entries === 1 ? 'needs' : 'need'} review`;
}

/** 2918406 → "2.9 MB" (decimal, as file managers tell it). */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  if (unit === 0) return value === 1 ? '1 byte' : `${count(size)} bytes`;
  return `${size < 99.95 ? oneDecimal.format(size) : count(size)} ${units[unit]}`;
}

/** A change in per cent, always with its sign: "+20.0%", "−20.0%". */
export function percent(value: number): string {
  const digits = Math.abs(value) >= 1000 ? whole : oneDecimal;
  const text = digits.format(Math.abs(value));
  if (/^[0.]+$/.test(text)) return '0.0%';
  return `${value < 0 ? MINUS : '+'}${text}%`;
}

/** A share: 29 of 30 → "96.7%"; never "100.0%" or "0.0%" unless it is. */
export function share(part: number, of: number): string {
  if (of <= 0) return '–';
  if (part === of) return '100%';
  if (part === 0) return '0%';
  const value = Math.min(99.9, Math.max(0.1, (part / of) * 100));
  return `${oneDecimal.format(value)}%`;
}

/** "×10" and more, for a price that went wild; null below. `ratio` is after / before. */
export function times(ratio: number | null): string | null {
  if (ratio === null || !Number.isFinite(ratio) || ratio < 10) return null;
  return `×${count(Math.round(ratio))}`;
}

/** Seconds as people say them: "0.3 s", "2.1 s", "86 s" → "1 min 26 s". */
export function duration(seconds: number): string {
  if (seconds < 0.05) return '0 s';
  if (seconds < 10) return `${oneDecimal.format(seconds)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return span(seconds * 1000);
}

/** A whole span of time in at most two units: "4 s", "24 min", "3 h 24 min", "2 d 4 h". */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(`${hours} h`, minutes % 60, 'min');
  return join(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

function join(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest} ${unit}`;
}

/** "just now", "24 min ago", "6 h ago", "3 d ago"; ahead: "in 3 h 24 min"; long ago: the date. */
export function relative(at: string | number | Date, now: number): string {
  const time = new Date(at).getTime();
  if (Number.isNaN(time)) return 'unknown';
  const past = now - time;
  if (past < -1500) return `in ${span(-past)}`;
  if (past < 1500) return 'just now';
  return past < 30 * DAY ? `${coarse(past)} ago` : `on ${day(at)}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is past needs one unit only; the exact time is on hover. */
function coarse(milliseconds: number): string {
  if (milliseconds < HOUR) return span(milliseconds);
  if (milliseconds < DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  return `${Math.floor(milliseconds / DAY)} d`;
}

/** The exact time for the hover: "2026-11-22 08:14:07 UTC". */
export function exact(at: string | number | Date): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return 'unknown';
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The day here: "23 Oct", with the year when it is not this one. */
export function day(at: string | number | Date, now: number = Date.now()): string {
  const time = new Date(at);
  const other = time.getFullYear() !== new Date(now).getFullYear();
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...(other ? { year: 'numeric' } : {}) }).format(time);
}

/** The time of day here: "07:12". */
export function clockTime(at: string | number | Date): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

/** Seven digits of a revision, as Git shows them. */
export function short(revision: string): string {
  return revision.slice(0, 7);
}

/** Cuts the middle out: the end of a model's name says more than its middle. `most` counts characters. */
export function middleCut(text: string, most: number, tail = 16): string {
  const letters = [...visible(text)];
  if (letters.length <= most) return letters.join('');
  const end = Math.max(0, Math.min(tail, most - 2));
  const start = Math.max(1, most - 1 - end);
  return `${letters.slice(0, start).join('')}…${end === 0 ? '' : letters.slice(-end).join('')}`;
}
