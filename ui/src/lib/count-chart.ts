/** The chart of models in the source: ink steps, never smoothed, drawn to the measured width. */
import type { CountPoint } from '../host';
import { count, day } from './format';

export interface CountChart {
  width: number;
  height: number;
  line: string;
  end: { x: number; y: number; text: string };
  /** Left out where it would touch the end value. */
  begin: { y: number; text: string } | null;
  axis: number;
  from: string;
}

const HEIGHT = 72;
const TOP = 8;
const BOTTOM = 52;
/** Room for the end value at the right. */
const RIGHT = 46;

/** `null` below two points: one point is no line. */
export function countChart(points: readonly CountPoint[], now: number, width: number): CountChart | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2 || width < 120) return null;
  const start = Date.parse(first.at);
  const span = Math.max(1, now - start);
  const low = Math.min(...points.map((point) => point.models));
  const high = Math.max(...points.map((point) => point.models));
  const end = width - RIGHT;
  const x = (at: string) => 2 + ((Date.parse(at) - start) / span) * (end - 2);
  // A flat line lies in the middle: there is no top and no bottom.
  const y = (models: number) => (high === low ? (TOP + BOTTOM) / 2 : BOTTOM - ((models - low) / (high - low)) * (BOTTOM - TOP));
  const steps = points.slice(1).map((point) => `H${round(x(point.at))}V${round(y(point.models))}`);
  const beginY = y(first.models);
  const endY = y(last.models);
  return {
    width,
    height: HEIGHT,
    line: `M${round(x(first.at))} ${round(beginY)}${steps.join('')}H${round(end)}`,
    end: { x: round(end), y: round(endY), text: count(last.models) },
    begin: Math.abs(beginY - endY) < 14 ? null : { y: round(beginY), text: count(first.models) },
    axis: BOTTOM + 4.5,
    from: day(first.at, now),
  };
}

/** "+223 in 30 days"; "unchanged in 4 days". */
export function countChange(points: readonly CountPoint[], now: number): string | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return null;
  const days = Math.max(1, Math.min(30, Math.round((now - Date.parse(first.at)) / 86_400_000)));
  const within = `in ${days} ${days === 1 ? 'day' : 'days'}`;
  const change = last.models - first.models;
  if (change === 0) return `unchanged ${within}`;
  return `${change > 0 ? '+' : ''}${count(change)} ${within}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
