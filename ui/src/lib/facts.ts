/** What a proxy's card says: each fact with its glyph and one grey line of evidence. Facts are never mixed. */
import { NAMED_UNPRICED, type ProxyView, type RunningView, type RunRow, type ZeroView } from '../host';
import { clockTime, count, counted, duration, exact, relative, short, span } from './format';
import type { GlyphName } from './glyphs';
import { visible } from './visible';

export interface Fact {
  glyph: GlyphName;
  /** One grey line. */
  evidence: string;
  /** The exact times, and what the line had no room for. */
  title: string;
}

export function syncFact(proxy: ProxyView, now: number): Fact {
  const live = proxy.live_revision === null ? null : short(proxy.live_revision);
  const proved = proxy.proved_at === null ? null : `proved ${relative(proxy.proved_at, now)}`;
  const title = [
    proxy.sync === 'held' ? 'The new map is waiting' : null,
    proxy.live_revision === null ? null : `Holds ${proxy.live_revision}`,
    proxy.proved_at === null ? 'never proved' : `proved ${exact(proxy.proved_at)}`,
  ];
  const evidence = {
    synced: () => (proxy.to_the_byte && live !== null ? `${live}, to the byte` : line([live, proved])),
    behind: () => line([live, proved]),
    held: () => (live === null ? 'the new map is held' : `keeps ${live}`),
    unknown: () => (live === null ? 'never proved' : `last seen at ${live}`),
  }[proxy.sync]();
  return { glyph: `sync-${proxy.sync}`, evidence, title: line(title, '; ') };
}

export function healthFact(proxy: ProxyView, now: number): Fact {
  const asked = proxy.asked_at === null ? 'Never checked' : `Checked ${exact(proxy.asked_at)}`;
  const glyph: GlyphName = proxy.health === null ? 'health-unasked' : `health-${proxy.health}`;
  const fact = (evidence: string): Fact => ({ glyph, evidence, title: line([evidence, asked], '; ') });
  if (proxy.is_asking) return fact('Checking now');
  if (proxy.health === null) return fact('Waiting for its first answer');
  if (proxy.health === 'down' && proxy.down_since !== null) {
    const past = now - Date.parse(proxy.down_since);
    const since = past < 20 * 3_600_000 ? clockTime(proxy.down_since) : relative(proxy.down_since, now).replace(' ago', '');
    return fact(past < 20 * 3_600_000 ? `since ${since}, ${span(past)}` : `for ${since}`);
  }
  if (proxy.health === 'unauthorised') return fact('Key rejected');
  const version = proxy.version === null ? null : `v${visible(proxy.version).replace(/^v/, '')}`;
  const database = proxy.database === null ? null : proxy.database ? 'database' : 'no database';
  return fact(line([version, database]) || 'answers');
}

const triggers: Record<RunRow['trigger'], string> = {
  manual: 'by you',
  schedule: 'by schedule',
  change: 'for a new map',
  retry: 'as a retry',
  resume: 'after sleep',
  heal: 'since it lost its map',
  promotion: 'since it was promoted',
};

export function operationFact(proxy: ProxyView, now: number): Fact {
  if (proxy.running !== null) {
    const { started, trigger } = proxy.running;
    return { glyph: 'run-running', evidence: `Started ${relative(started, now)} · ${triggers[trigger]}`, title: exact(started) };
  }
  const run = proxy.last_run;
  const next = proxy.next_run === null ? null : Date.parse(proxy.next_run) <= now ? 'due now' : relative(proxy.next_run, now);
  const nextTitle = proxy.next_run === null ? null : `next ${exact(proxy.next_run)}`;
  const first = 'Waits for your first sync';
  if (run === null) {
    const evidence = proxy.awaits_first_sync ? first : next === null ? 'No run scheduled' : `first ${next}`;
    return { glyph: 'run-none', evidence, title: proxy.awaits_first_sync ? 'The schedule begins with your first sync' : (nextTitle ?? '') };
  }
  const ended = run.finished ?? run.started;
  const willRetry = run.outcome === 'failed' || run.outcome === 'unproven' || run.outcome === 'interrupted';
  const itself = proxy.own_hours === null || proxy.own_schedule === 'overdue' ? null : `reloads by itself every ${proxy.own_hours} h`;
  const ahead = proxy.awaits_first_sync ? 'waits for your first sync' : next === null ? itself : `${willRetry ? 'retry' : 'next'} ${next}`;
  const took = run.seconds === null ? null : `took ${duration(run.seconds)}`;
  return {
    glyph: `run-${run.outcome}`,
    evidence: line([relative(ended, now), ahead]),
    title: line([exact(ended), took, triggers[run.trigger], nextTitle, next === null ? null : itself], ', '),
  };
}

/** What calls of a model were booked at, and why. */
function zeroLine(zero: ZeroView): string {
  return `${zero.model}: ${line([counted(zero.calls, 'call', 'calls'), zero.tokens === null ? null : `${count(zero.tokens)} tokens`], ', ')} at $0 within 7 days: ${zero.why}`;
}

export function modelsFact(proxy: ProxyView): { value: string; evidence: string; title: string } {
  const priced = proxy.priced === null ? null : `${count(proxy.priced)} priced`;
  // Where the list may be cut, its length alone would be a guess.
  const some = proxy.unpriced.length;
  const unpriced = proxy.callable === null ? null : `${count(some)}${some >= NAMED_UNPRICED ? '+' : ''} unpriced`;
  return {
    value: proxy.callable === null ? 'Not counted' : `${count(proxy.callable)} callable`,
    evidence: priced === null ? (proxy.callable === null ? 'no answer yet' : 'as last counted') : line([priced, unpriced]),
    title: line([some === 0 ? null : `Billed at $0: ${proxy.unpriced.slice(0, 10).join(', ')}${some > 10 ? ', …' : ''}`, ...proxy.zero.slice(0, 5).map(zeroLine)], '\n'),
  };
}

/** The steps that a card shows. Checking the source is shown only while it goes on. */
const STEPS: readonly { step: RunningView['step']; name: string }[] = [
  { step: 'read_live', name: 'Read live' },
  { step: 'reload', name: 'Reload' },
  { step: 'read_back', name: 'Read back and compare' },
  { step: 'receipt', name: 'Receipt' },
];

const stepNames: Record<RunningView['step'], string> = {
  check_source: 'Check source',
  read_live: 'Read live',
  reload: 'Reload',
  read_back: 'Read back and compare',
  receipt: 'Receipt',
};

export function stepName(step: RunningView['step']): string {
  return stepNames[step];
}

export interface Step {
  name: string;
  phase: 'done' | 'now' | 'next';
  /** How long it took, or how long it goes on where that is worth telling. */
  time: string | null;
}

export function steps(running: RunningView, now: number): Step[] {
  const spent = running.done.reduce((sum, one) => sum + one.seconds, 0);
  const since = (now - Date.parse(running.started)) / 1000 - spent;
  const shown = running.step === 'check_source' ? [{ step: running.step, name: stepNames.check_source }, ...STEPS] : STEPS;
  return shown.map(({ step, name }) => {
    const done = running.done.find((one) => one.step === step);
    if (step === running.step) return { name, phase: 'now', time: since >= 3 ? span(since * 1000) : null };
    if (done !== undefined) return { name, phase: 'done', time: duration(done.seconds) };
    return { name, phase: 'next', time: null };
  });
}

/** Until the proxy was asked to reload; from then on the run goes on to its proof, since the reload cannot be taken back. */
export function canCancel(running: RunningView): boolean {
  return running.step === 'check_source' || running.step === 'read_live';
}

/** "step 3 of 4", for the status line and the ear. */
export function stepText(running: RunningView): string {
  const at = STEPS.findIndex(({ step }) => step === running.step);
  return at < 0 ? 'checking the source' : `step ${at + 1} of ${STEPS.length}`;
}

/** What stands between the card and peace: the proxy's own error first, then the last run's. */
export function cardError(proxy: ProxyView): { first: string; rest: string; detail: string | null; title: string } | null {
  const run = proxy.last_run;
  const error = proxy.error ?? (run !== null && run.outcome !== 'succeeded' && run.outcome !== 'unchanged' ? run.error : null);
  if (error === null) return null;
  const message = visible(error.message);
  const end = message.search(/[.;:] /);
  if (end < 0) return { first: message, rest: '', detail: error.detail, title: message };
  // What stands out is a sentence of its own, and so is what follows; an id or a field keeps its spelling.
  const rest = message.slice(end + 1).trim().replace(/^\p{Ll}(?=\p{Ll}*[ ,])/u, (letter) => letter.toUpperCase());
  return { first: `${message.slice(0, end)}.`, rest, detail: error.detail, title: message };
}

/** The proof in one line: what was read back, and that it agrees. */
export function proofText(proxy: ProxyView, promoted: string | null): string | null {
  const receipt = proxy.receipt;
  if (receipt === null) return null;
  const parts = [`Read back ${counted(receipt.compared_models, 'entry', 'entries')}, ${count(receipt.bytes)} bytes`];
  const isPromoted = receipt.revision === promoted;
  if (receipt.proxy_revision === receipt.revision) parts.push(`revision equals ${isPromoted ? 'the promoted one' : short(receipt.revision)}`);
  else parts.push(`${counted(receipt.compared_fields, 'field agrees', 'fields agree')}${isPromoted ? '' : ` with ${short(receipt.revision)}`}`);
  const sampled = receipt.sampled_models.length;
  if (sampled > 0) parts.push(`${sampled} of ${sampled} sampled models agree`);
  if (receipt.overrides.length > 0) parts.push(`${counted(receipt.overrides.length, 'override')} kept`);
  return parts.join('; ');
}

function line(parts: readonly (string | null)[], between = ' · '): string {
  return parts.filter((part) => part !== null && part !== '').join(between);
}
