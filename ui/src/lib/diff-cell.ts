/** What stands beside an old and a new value: the change in words people know. Never ∞%. */
import type { ChangeKind, ChangeRow } from '../host/bindings';
import { count, percent, times } from './format';

export interface Mark {
  text: string;
  /** A price that rises or falls has a triangle and a colour; nothing else has. */
  way: 'rise' | 'fall' | null;
  /** The whole of what `text` shortens. */
  title: string | null;
}

const word = (text: string): Mark => ({ text, way: null, title: null });

export function markOf(row: Pick<ChangeRow, 'before' | 'after' | 'ratio' | 'percent' | 'direction'>, kind: ChangeKind): Mark {
  if (kind === 'removed') return word('gone');
  if (row.before === null) return word(row.after === null ? '' : 'added');
  if (row.after === null) return word('gone');
  if (kind === 'limits') return row.ratio === null ? word('') : word(`×${factor(row.ratio)}`);
  if (kind !== 'repriced') return word('');
  if (row.percent === null) return word(isZero(row.before) ? 'new price' : 'changed');
  const way = row.direction === 'none' ? null : row.direction;
  const wild = times(row.ratio);
  return wild === null ? { text: percent(row.percent), way, title: null } : { text: wild, way, title: percent(row.percent) };
}

/** Digits, perhaps grouped: values that line up in columns. */
export function isNumber(text: string | null): boolean {
  return text === null || /^[-−]?[\d,]*\.?\d+$/.test(text);
}

/** Limits and prices come as people read them or as the map has them; digits are never lost. */
export function readable(text: string | null): string {
  if (text === null) return '—';
  if (!/^[1-9]\d{3,}(\.\d+)?$/.test(text)) return text;
  const [whole = '', ...parts] = text.split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...parts].join('.');
}

/** Old and new as they are read side by side: two decimals have the same number of places. */
export function readablePair(before: string | null, after: string | null): [string, string] {
  const [old, young] = [readable(before), readable(after)];
  const [oldPlaces, youngPlaces] = [places(old), places(young)];
  // Two whole numbers are limits.
  if (oldPlaces === null || youngPlaces === null || oldPlaces + youngPlaces === 0) return [old, young];
  const most = Math.max(2, oldPlaces, youngPlaces);
  return [padded(old, most - oldPlaces), padded(young, most - youngPlaces)];
}

/** How many digits are behind the point; null for what is no plain number. */
function places(text: string): number | null {
  const found = /^\d[\d,]*(?:\.(\d+))?$/.exec(text);
  return found === null ? null : (found[1]?.length ?? 0);
}

function padded(text: string, zeros: number): string {
  return text + (zeros > 0 && !text.includes('.') ? '.' : '') + '0'.repeat(zeros);
}

function isZero(text: string): boolean {
  return /^[0.,]+$/.test(text) && /0/.test(text);
}

function factor(ratio: number): string {
  if (ratio >= 100) return count(Math.round(ratio));
  return ratio.toFixed(2).replace(/\.?0+$/, '');
}
