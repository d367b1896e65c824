/** The stages on the way to production, in words. */
import type { StageView } from '../host';

/** "Testing". */
export function stageTitle(stage: string): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}

/** The stage that a person can let the map go on to now: behind the first one that is not done and did not fail. */
export function canPromote(stages: readonly StageView[]): StageView | null {
  const place = stages.findIndex((stage) => stage.progress !== 'done');
  const stage = stages[place];
  return stage && ['soaking', 'ready', 'waiting', 'pinned'].includes(stage.progress) ? (stages[place + 1] ?? null) : null;
}
