/** The last change of a model's prices, out of its history. */
import type { PricePoint } from '../host/bindings';
import { markOf, type Mark } from './diff-cell';
import { priceValue } from './models-table';

export interface LastChange {
  label: string;
  before: string | null;
  after: string | null;
  at: string;
  mark: Mark;
}

/** Of input and output each, where it changed at all: the latest change. */
export function lastChanges(history: readonly PricePoint[]): LastChange[] {
  return (['input', 'output'] as const).flatMap((series) => {
    for (let index = history.length - 1; index > 0; index--) {
      const [before, after] = [valueAt(history[index - 1]!, series), valueAt(history[index]!, series)];
      if (before === after) continue;
      const [old, young] = [priceValue(before), priceValue(after)];
      const ratio = old > 0 && Number.isFinite(young) ? young / old : null;
      const direction = ratio === null || ratio === 1 ? 'none' : ratio > 1 ? 'rise' : 'fall';
      const mark = markOf({ before, after, ratio, percent: ratio === null ? null : (ratio - 1) * 100, direction }, 'repriced');
      return [{ label: series === 'input' ? 'Input' : 'Output', before, after, at: history[index]!.at, mark }];
    }
    return [];
  });
}

function valueAt(point: PricePoint, series: 'input' | 'output'): string | null {
  return point.is_there ? point[series] : null;
}
