/** The last 30 runs as a strip: what each bar looks like, and the sentence that says the same. */
import type { RateView, StripRun } from '../host';
import { count, share } from './format';

export const STRIP_LENGTH = 30;

/** c changed, u unchanged, f failed, h held, x cut off, r running, n none yet. */
export type Bar = 'c' | 'u' | 'f' | 'h' | 'x' | 'r' | 'n';

const bars: Record<StripRun['outcome'], Bar> = {
  succeeded: 'c', unchanged: 'u', planned: 'u', failed: 'f', unproven: 'f', held: 'h', interrupted: 'x', running: 'r',
};

export function stripBars(runs: readonly StripRun[]): { key: number; bar: Bar; outcome: StripRun['outcome'] | null; started: string | null }[] {
  const last = runs.slice(-STRIP_LENGTH);
  const none = Array.from({ length: STRIP_LENGTH - last.length }, (_, index) => ({ key: -1 - index, bar: 'n' as const, outcome: null, started: null }));
  return [...none, ...last.map((run) => ({ key: run.id, bar: bars[run.outcome], outcome: run.outcome, started: run.started }))];
}

const words: readonly [StripRun['outcome'], string][] = [
  ['succeeded', 'succeeded'], ['unchanged', 'unchanged'], ['failed', 'failed'], ['unproven', 'unproven'],
  ['held', 'held'], ['interrupted', 'interrupted'], ['planned', 'planned'],
];

/** "29 runs: 6 succeeded, 22 unchanged, 1 failed; 1 running". */
export function stripLabel(runs: readonly StripRun[]): string {
  const last = runs.slice(-STRIP_LENGTH);
  const of = (outcome: StripRun['outcome']) => last.filter((run) => run.outcome === outcome).length;
  const running = of('running');
  const ended = last.length - running;
  if (last.length === 0) return 'No runs yet';
  const parts = words.map(([outcome, word]) => [of(outcome), word] as const).filter(([number]) => number > 0);
  const list = parts.map(([number, word]) => `${number} ${word}`).join(', ');
  return `${ended} ${ended === 1 ? 'run' : 'runs'}${list === '' ? '' : `: ${list}`}${running > 0 ? `; ${running} running` : ''}`;
}

/** "29 of 30 good · 96.7%", "26 of 26 good · 4 held": a held map or a run that was cut off is neither good nor bad, and one that goes on is not counted. */
export function stripText(runs: readonly StripRun[]): string {
  const last = runs.slice(-STRIP_LENGTH);
  const held = last.filter((run) => run.outcome === 'held').length;
  const ended = last.filter((run) => run.outcome !== 'running' && run.outcome !== 'planned' && run.outcome !== 'held' && run.outcome !== 'interrupted');
  if (ended.length === 0) return held === 0 ? 'none yet' : `${held} held`;
  const good = ended.filter((run) => run.outcome === 'succeeded' || run.outcome === 'unchanged').length;
  return `${good} of ${ended.length} good · ${held > 0 ? `${held} held` : share(good, ended.length)}`;
}

/** "Over 30 days: 116 of 120 good, 96.7%; 2 held". */
export function rateTitle(rate: RateView): string {
  const all = rate.succeeded + rate.failed;
  if (all + rate.held + rate.interrupted === 0) return '';
  const held = rate.held > 0 ? `; ${count(rate.held)} held` : '';
  const cut = rate.interrupted > 0 ? `; ${count(rate.interrupted)} interrupted` : '';
  return `Over ${rate.days} days: ${count(rate.succeeded)} of ${count(all)} good, ${share(rate.succeeded, all)}${held}${cut}`;
}
