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

/** Limits come as people read them or as the map has them. */
export function readable(text: string | null): string {
  if (text === null) return '—';
  return /^\d{5,15}$/.test(text) ? count(Number(text)) : text;
}

function isZero(text: string): boolean {
  return /^[0.,]+$/.test(text) && /0/.test(text);
}

function factor(ratio: number): string {
  if (ratio >= 100) return count(Math.round(ratio));
  return ratio.toFixed(2).replace(/\.?0+$/, '');
}
