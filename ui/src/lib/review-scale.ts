/** The geometry of a row of prices on a scale of powers of ten, drawn to the width that there is. Pure. */
import type { ScaleKind, ScalePoint } from '../host/bindings';
import { readable } from './diff-cell';
import { middleCut } from './format';
import { visible } from './visible';

export interface ScaleRow {
  y: number;
  x: number;
  kind: ScaleKind;
  label: string;
  /** The whole of what `label` shortens. */
  title: string;
  shown: string;
}

export interface Scale {
  rows: ScaleRow[];
  ticks: { x: number; text: string }[];
  left: number;
  right: number;
  height: number;
}

const ROW = 24;
const TOP = 14;
/** A letter at 11 px, and a bold one. */
const LETTER = 6.6;
const BOLD = 7.2;

/** Null where there is no room, or nothing that can stand on such a scale. */
export function scaleOf(points: readonly ScalePoint[], width: number): Scale | null {
  const values = points.map(({ value }) => value);
  if (points.length === 0 || width < 240 || values.some((value) => !(value > 0))) return null;
  const left = Math.round(Math.min(200, Math.max(104, width * 0.3)));
  const right = Math.round(width - Math.max(40, Math.max(...points.map(({ shown }) => readable(shown).length)) * BOLD) - 16);
  const [low, high] = decades(Math.min(...values), Math.max(...values));
  const toX = (power: number) => round(left + ((power - low) / (high - low)) * (right - left));
  const room = (letter: number) => Math.floor((left - 16) / letter);
  const each = Math.max(1, Math.ceil(48 / ((right - left) / (high - low))));
  return {
    rows: points.map(({ model, shown, value, kind }, index) => ({
      y: TOP + index * ROW,
      x: toX(Math.log10(value)),
      kind,
      label: kind === 'proposed' ? 'Proposed' : kind === 'now' ? nowLabel(model, room(BOLD)) : middleCut(model, room(LETTER), 10),
      title: kind === 'proposed' ? `${model}, proposed` : kind === 'now' ? `${model}, now` : model,
      shown: readable(shown),
    })),
    ticks: Array.from({ length: high - low + 1 }, (_, index) => low + index)
      .filter((power) => (power - low) % each === 0)
      .map((power) => ({ x: toX(power), text: powerText(power) })),
    left,
    right,
    height: TOP + points.length * ROW + 12,
  };
}

/** The name stands above already: where it does not fit, it is left out rather than cut. */
function nowLabel(model: string, most: number): string {
  const whole = `${visible(model)}, now`;
  return whole.length <= most ? whole : 'Now';
}

/** Whole powers of ten around both, at least two apart. */
function decades(least: number, most: number): [number, number] {
  const low = Math.floor(Math.log10(least) + 1e-9);
  const high = Math.ceil(Math.log10(most) - 1e-9);
  return [low, Math.max(high, low + 2)];
}

export function powerText(power: number): string {
  return power < 0 ? (10 ** power).toFixed(-power) : (10 ** power).toLocaleString('en-GB');
}

const round = (value: number) => Math.round(value * 10) / 10;

/** "Input against like models: now 0.25, proposed 250.00, peers 0.25 to 1.25". */
export function scaleWords(label: string, points: readonly ScalePoint[]): string {
  const shown = (kind: ScaleKind) => points.find((point) => point.kind === kind)?.shown;
  const peers = points.filter(({ kind }) => kind === 'peer').sort((a, b) => a.value - b.value);
  const parts = [
    shown('now') === undefined ? null : `now ${shown('now')}`,
    shown('proposed') === undefined ? null : `proposed ${shown('proposed')}`,
    peers.length === 0 ? null : peers.length === 1 ? `peer ${peers[0]!.shown}` : `peers ${peers[0]!.shown} to ${peers.at(-1)!.shown}`,
  ];
  return `${label} against like models: ${parts.filter((part) => part !== null).join(', ')}`;
}
