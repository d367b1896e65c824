// What a sync run says to people: its outcome, why it began, what it changed, its proof, and the one thing to do when
// it did not go well. Pure, so that table, panel and tests read the same words.

import type { ErrorView, Outside, Place, RunRow } from '../host';
import { count, counted } from './format';
import type { Outcome } from './glyphs';

export type Trigger = RunRow['trigger'];

/** The outcomes in the order of the filter: what ends well, then what needs a look, then the rest. */
export const OUTCOMES: readonly Outcome[] = [
  'succeeded',
  'unchanged',
  'held',
  'failed',
  'unproven',
  'interrupted',
  'running',
];

const TRIGGER_WORDS: Record<Trigger, string> = {
  manual: 'By you',
  schedule: 'Schedule',
  change: 'New map',
  retry: 'Retry',
  resume: 'After sleep',
  heal: 'Self-heal',
  promotion: 'Promotion',
};

export function triggerWord(trigger: Trigger): string {
  return TRIGGER_WORDS[trigger];
}

const TRIGGER_SENTENCES: Record<Trigger, string> = {
  manual: 'You started it.',
  schedule: 'The schedule was due.',
  change: 'The source had a new map.',
  retry: 'The previous run did not succeed.',
  resume: 'The computer woke up, and a sync was overdue.',
  heal: 'The proxy no longer had the map that was proved there.',
  promotion: 'The map reached this proxy’s stage.',
};

export function triggerSentence(trigger: Trigger): string {
  return TRIGGER_SENTENCES[trigger];
}

const REASONS: Record<string, string> = {
  old_revision: 'The proxy fetched an older copy of the map.',
  other_revision: 'The proxy has a map that is neither the old nor the new one.',
  live_differs: 'The proxy names the right revision, but something in it changed entries after loading them.',
  replicas_disagree: 'The proxy’s workers or replicas hold different maps.',
  live_map_broken: 'The proxy’s live map cannot be read back.',
  internal: 'The comparison failed.',
};

/** Why an unproven run is not proven; a reason of a newer program is not guessed at. */
export function reasonSentence(reason: string | null): string {
  return (reason !== null && Object.hasOwn(REASONS, reason) && REASONS[reason]) || 'The proxy reported success, but its live map does not show it.';
}

/** What a run changed, as short parts: "4 new", "12 prices", "1 removed". One that changed nothing only meant to. */
export function changeParts(run: Pick<RunRow, 'outcome' | 'new_models' | 'pricing_changes' | 'removed_models'>): string[] {
  const parts: string[] = [];
  if (run.outcome === 'failed' || run.outcome === 'held' || run.outcome === 'interrupted') return parts;
  if (run.new_models > 0) parts.push(`${count(run.new_models)} new`);
  // A run counts price fields; "repriced" counts models everywhere else.
  if (run.pricing_changes > 0) parts.push(counted(run.pricing_changes, 'price', 'prices'));
  if (run.removed_models > 0) parts.push(`${count(run.removed_models)} removed`);
  return parts;
}

/** Whether a run stopped before its end: the last of its steps is then the one that it did not get over. */
export function hasStopped(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'held' || outcome === 'unproven' || outcome === 'interrupted';
}

/** The first sentence of a message: tables have one line. */
export function firstSentence(message: string): string {
  const end = /[.!?](?=\s+\p{Lu})/u.exec(message);
  return end ? message.slice(0, end.index + 1) : message;
}

/** A run in one sentence: its proof, or why it has none. */
export function evidence(run: RunRow): string {
  const read = run.compared_models === null ? null : `${count(run.compared_models)} entries read back`;
  switch (run.outcome) {
    case 'running':
      return 'In progress';
    case 'succeeded':
      return read ?? 'Proved by read-back';
    case 'unchanged':
      return read ?? 'Already there';
    case 'planned':
      return 'Preview only; nothing was changed';
    case 'unproven':
      return reasonSentence(run.reason);
    case 'held':
      return run.error ? firstSentence(run.error.message) : 'The checks held this map back.';
    case 'failed':
      return run.error ? firstSentence(run.error.message) : 'It failed; no reason was recorded.';
    case 'interrupted':
      return run.error ? firstSentence(run.error.message) : 'Cut off before it ended; nothing is proven.';
  }
}

export type RemedyAction =
  | { kind: 'open'; place: Place }
  | { kind: 'sync'; proxy: string }
  | { kind: 'ask'; proxy: string }
  | { kind: 'check_source' }
  | { kind: 'outside'; what: Outside };

/** What resolves an error: the error's message says what to do, this does it. */
export interface Remedy {
  label: string;
  action: RemedyAction;
}

/** The one thing to do about an error of this proxy; `null` where only reading helps. Branches on `code`, never on text. */
export function remedy(error: ErrorView, proxy: string, maps?: { from: string | null; to: string | null }): Remedy | null {
  const edit = (label: string): Remedy => ({ label, action: { kind: 'open', place: { screen: 'settings', section: 'proxies', proxy } } });
  const source = (label: string): Remedy => ({ label, action: { kind: 'open', place: { screen: 'settings', section: 'source', proxy: null } } });
  const ask = (label: string): Remedy => ({ label, action: { kind: 'ask', proxy } });
  const sync = (label: string): Remedy => ({ label, action: { kind: 'sync', proxy } });
  switch (error.code) {
    case 'unauthorised':
      return edit('Edit key');
    case 'no_key':
      return edit('Enter key');
    case 'no_secret_store':
      return edit('Edit proxy');
    case 'not_litellm':
    case 'plain_http':
    case 'url_has_credentials':
      return edit('Edit address');
    case 'local_file':
      return edit('Edit proxy');
    case 'proxy_unreachable':
    case 'live_map_broken':
    case 'unsupported':
    case 'no_database':
      return ask(`Test ${proxy} again`);
    case 'proxy_failed':
    case 'cancelled':
    case 'interrupted':
      return sync(`Sync ${proxy}`);
    case 'unproven':
      return sync(`Sync ${proxy} again`);
    case 'source_unreachable':
    case 'source_status':
      return { label: 'Check the source', action: { kind: 'check_source' } };
    case 'source_mismatch':
    case 'source_too_large':
    case 'source_redirect':
    case 'source_file':
    case 'source_is_gateway':
      return source('Open source settings');
    case 'held':
      return {
        label: 'See what is held',
        action: { kind: 'open', place: { screen: 'changes', from: maps?.from ?? null, to: maps?.to ?? null } },
      };
    case 'home_unusable':
    case 'home_busy':
    case 'ledger':
    case 'ledger_too_new':
      return { label: 'Open data folder', action: { kind: 'outside', what: 'data' } };
    case 'internal':
      return { label: 'Open logs folder', action: { kind: 'outside', what: 'logs' } };
    default:
      return null;
  }
}

export interface RunFilter {
  proxy: string | null;
  outcome: Outcome | null;
}

export const isSame = (one: RunFilter, other: RunFilter) => one.proxy === other.proxy && one.outcome === other.outcome;

/** Puts a full newest page before the older runs that are known. What it does not tell any more has left the filter. */
export function refreshed(known: readonly RunRow[], page: readonly RunRow[]): RunRow[] {
  const last = page.at(-1)?.id ?? 0;
  return [...page, ...known.filter(({ id }) => id < last)];
}

/** The run to choose after a key; stays inside the list, and begins at its end where none was chosen. */
export function step(runs: readonly RunRow[], chosen: number | null, key: string, page = 10): number | null {
  if (runs.length === 0) return null;
  const at = runs.findIndex((run) => run.id === chosen);
  const last = runs.length - 1;
  const to = (() => {
    switch (key) {
      case 'ArrowDown':
        return at < 0 ? 0 : at + 1;
      case 'ArrowUp':
        return at < 0 ? last : at - 1;
      case 'PageDown':
        return at + page;
      case 'PageUp':
        return at - page;
      case 'Home':
        return 0;
      case 'End':
        return last;
      default:
        return at;
    }
  })();
  return runs[Math.min(Math.max(to, 0), last)]?.id ?? null;
}

/** "42 runs", "The newest 100 runs": what the foot of the table says. */
export function countLine(shown: number, isComplete: boolean): string {
  return isComplete ? counted(shown, 'run') : `The newest ${counted(shown, 'run')}`;
}
