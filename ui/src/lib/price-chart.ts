/** The geometry of a price chart: steps, never smoothed, drawn to the width that there is. Pure. */
import type { PricePoint } from '../host/bindings';
import { priceValue } from './models-table';

export type Series = 'input' | 'output';

export interface Label {
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
  text: string;
}

export interface Line {
  series: Series;
  path: string;
  /** Where it ends; null where the last price is none. */
  end: { x: number; y: number } | null;
  /** "Output 75.00" where the line starts and "60.00" where it ends. */
  first: Label | null;
  last: Label | null;
}

export interface Chart {
  lines: Line[];
  ticks: { y: number; text: string }[];
  /** From where the lines may go. */
  left: number;
  top: number;
  bottom: number;
  /** Where the last change is. */
  turn: number | null;
  dates: Label[];
}

const TOP = 12;
const LETTER = 6.2;
/** The last price is seen as a line, however young it is. */
const LAST_STEP = 36;

/** Null where there is no price at all. */
export function chart(history: readonly PricePoint[], now: number, width: number, height: number, dayName: (at: number) => string): Chart | null {
  const points = history.map((point) => ({
    at: Date.parse(point.at),
    input: point.is_there ? priceValue(point.input) : NaN,
    output: point.is_there ? priceValue(point.output) : NaN,
    texts: point,
  }));
  const prices = points.flatMap(({ input, output }) => [input, output]).filter(Number.isFinite);
  if (prices.length === 0 || width < 80) return null;

  const bottom = height - 20;
  const most = niceMost(Math.max(...prices));
  const ticks = [most, most / 2, 0].map((value) => ({ y: half(bottom - (value / most) * (bottom - TOP)), text: tick(value) }));
  const left = Math.ceil(Math.max(...ticks.map(({ text }) => text.length)) * LETTER) + 8;
  const [start, end] = [left + 4, width - 8];
  const span = Math.max(1, now - points[0]!.at);
  const toX = (at: number, index: number) => (index === 0 ? start : Math.max(start, Math.min(end - LAST_STEP, start + ((at - points[0]!.at) / span) * (end - start))));
  const xs = points.map(({ at }, index) => toX(at, index));
  const toY = (value: number) => bottom - (value / most) * (bottom - TOP);

  const series: Series[] = (['output', 'input'] as const).filter((each) => points.some((point) => Number.isFinite(point[each])));
  const segments = series.map((each) => {
    return points.flatMap((point, index) => (Number.isFinite(point[each]) ? [{ x: xs[index]!, to: xs[index + 1] ?? end, y: toY(point[each]), text: point.texts[each] ?? '' }] : []));
  });
  const labels = place(segments, series, TOP, bottom);
  const turn = points.length > 1 ? xs[xs.length - 1]! : null;
  return {
    lines: series.map((each, index) => {
      const own = segments[index]!;
      const last = own[own.length - 1]!;
      return { series: each, path: pathOf(own), end: last.to === end ? { x: end, y: last.y } : null, ...labels[index]! };
    }),
    ticks,
    left,
    top: TOP,
    bottom,
    turn,
    dates: dates(points[0]!.at, points[points.length - 1]!.at, now, start, turn, end, height - 3, dayName),
  };
}

interface Segment {
  x: number;
  to: number;
  y: number;
  text: string;
}

/** Level, then straight up or down; a gap where there was no price. */
function pathOf(segments: Segment[]): string {
  return segments
    .map(({ x, to, y }, index) => {
      const joins = index > 0 && segments[index - 1]!.to === x;
      return `${joins ? `V${round(y)}` : `M${round(x)} ${round(y)}`}H${round(to)}`;
    })
    .join('');
}

/** Above or below each line's start and end, whatever meets the fewest lines and labels. */
function place(segments: Segment[][], series: Series[], top: number, bottom: number): { first: Label | null; last: Label | null }[] {
  const taken: { x: number; to: number; y: number }[] = [];
  return series.map((name, index) => {
    const own = segments[index]!;
    const [begin, finish] = [own[0]!, own[own.length - 1]!];
    const word = name === 'output' ? 'Output' : 'Input';
    const put = (anchor: 'start' | 'end', at: Segment, text: string): Label => {
      const wide = text.length * LETTER;
      const [x, to] = anchor === 'start' ? [at.x + 4, at.x + 4 + wide] : [at.to - wide, at.to];
      const cost = (y: number) => {
        const crossed = segments.flat().filter((line) => line.x < to && line.to > x && line.y > y - 11 && line.y < y + 3).length;
        const met = taken.filter((label) => label.x < to && label.to > x && Math.abs(label.y - y) < 12).length;
        return 4 * met + 2 * crossed + (y < top - 3 || y > bottom - 2 ? 3 : 0);
      };
      const options = [at.y + 14, at.y - 6, at.y + 26, at.y - 18];
      const y = options.reduce((best, option) => (cost(option) < cost(best) ? option : best));
      taken.push({ x, to, y });
      return { x: anchor === 'start' ? x : to, y: round(y), anchor, text };
    };
    const first = put('start', begin, `${word} ${begin.text}`);
    const last = finish === begin ? null : put('end', finish, finish.text);
    return { first, last };
  });
}

function dates(first: number, changed: number, now: number, start: number, turn: number | null, end: number, y: number, dayName: (at: number) => string): Label[] {
  const labels: Label[] = [{ x: start, y, anchor: 'start', text: dayName(first) }];
  const taken = start + labels[0]!.text.length * LETTER + 8;
  const today = dayName(now);
  if (turn === null) return [...labels, { x: end, y, anchor: 'end', text: today }];
  const text = dayName(changed);
  const half = (text.length * LETTER) / 2;
  const middle = Math.min(turn, end - half);
  const shows = middle - half > taken;
  if (shows) labels.push({ x: round(middle), y, anchor: 'middle', text });
  const edge = shows ? middle + half : taken;
  if (text !== today && end - today.length * LETTER > edge + 8) labels.push({ x: end, y, anchor: 'end', text: today });
  return labels;
}

/** The smallest round number above: 75 → 80. Its half is round too. */
export function niceMost(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].find((step) => step * power >= value * 1.02)! * power || 20 * power;
}

function tick(value: number): string {
  if (value === 0) return '0';
  return value >= 1 ? value.toLocaleString('en-GB', { maximumFractionDigits: 2 }) : String(Number(value.toPrecision(2)));
}

const round = (value: number) => Math.round(value * 10) / 10;
/** On the middle of a pixel, so that a thin rule is sharp. */
const half = (value: number) => Math.round(value) + 0.5;

/** "Price history of m: output 75.00 to 60.00, input 15.00 to 12.00 USD per million tokens, last changed 22 Nov." */
export function chartWords(model: string, history: readonly PricePoint[], changed: string): string {
  const [first, last] = [history[0], history[history.length - 1]];
  if (!first || !last) return `No price history of ${model}`;
  const words = (['output', 'input'] as const)
    .filter((each) => first[each] !== null || last[each] !== null)
    .map((each) => `${each} ${first[each] ?? 'none'}${history.length > 1 ? ` to ${last[each] ?? 'none'}` : ''}`);
  return `Price history of ${model}: ${words.join(', ')} USD per million tokens${history.length > 1 ? `, last changed ${changed}` : ', unchanged'}`;
}
