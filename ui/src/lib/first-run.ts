// The welcome as a state machine: search → an address → a test → a schedule → an end. Pure: the screen calls the
// commands and tells here what came of them.

import type { ErrorView, FoundProxy, ProxyForm, ProxyTest, RunDetail } from '../host';
import { count } from './format';
import { formOf, newProxy, proxyFieldOf, suggestName, type ProxyDraft, type ProxyField } from './proxy-form';
import { PRESETS } from './settings-form';

/** The ports that `find_proxies` looks at, as the screen names them. */
export const PORTS = '4000, 8000, 8080 and 4001';

export type Busy = 'test' | 'preview' | 'finish' | 'skip';

export interface Welcome {
  search: 'looking' | 'done';
  searchError: ErrorView | null;
  found: readonly FoundProxy[];
  /** A found address, or `null` while the address is typed. */
  chosen: string | null;
  /** What is typed; its `name` is made up from the address. */
  proxy: ProxyDraft;
  /** Grows with each change of address or key: an answer about an older edition is not shown. */
  edition: number;
  test: { edition: number; result: ProxyTest } | null;
  /** What the last save, test or preview failed with. */
  error: ErrorView | null;
  preview: RunDetail | null;
  preset: string;
  autostart: boolean;
  /** The source that goes with the proxy: the one that it reads, once a person took that over; else the settings' own. */
  source: string | null;
  /** The name under which an ending that failed halfway has saved the proxy. Nothing else saves it. */
  saved: string | null;
  busy: Busy | null;
}

export type WelcomeEvent =
  | { is: 'searching' }
  | { is: 'searched'; found: readonly FoundProxy[] }
  | { is: 'search_failed'; error: ErrorView }
  /** What the settings say that matters here. */
  | { is: 'settings'; keyStoreProblem: string | null; preset: string }
  | { is: 'chosen'; url: string }
  | { is: 'other_address' }
  | { is: 'typed'; change: Partial<Pick<ProxyDraft, 'url' | 'secret' | 'variable' | 'place' | 'allowPlainHttp'>> }
  | { is: 'source'; source: string | null }
  | { is: 'started'; what: Busy }
  | { is: 'tested'; edition: number; result: ProxyTest }
  | { is: 'saved'; name: string }
  | { is: 'previewed'; preview: RunDetail }
  | { is: 'failed'; error: ErrorView }
  /** It went no further, and what was found out says why. */
  | { is: 'paused' }
  | { is: 'preset'; preset: string }
  | { is: 'autostart'; on: boolean };

export function welcome(): Welcome {
  return {
    search: 'looking',
    searchError: null,
    found: [],
    chosen: null,
    proxy: newProxy(),
    edition: 0,
    test: null,
    error: null,
    preview: null,
    preset: 'production',
    autostart: false,
    source: null,
    saved: null,
    busy: null,
  };
}

export function next(state: Welcome, event: WelcomeEvent): Welcome {
  switch (event.is) {
    case 'searching':
      return { ...state, search: 'looking', searchError: null };
    case 'searched': {
      const done: Welcome = { ...state, search: 'done', found: event.found };
      const first = event.found[0];
      // What a person typed meanwhile is not replaced.
      return first && state.proxy.url.trim() === '' ? at(done, first.url, first.url) : done;
    }
    case 'search_failed':
      return { ...state, search: 'done', found: [], searchError: event.error };
    case 'settings': {
      // What a person has chosen meanwhile is not replaced.
      const isKept = state.preset !== welcome().preset || !PRESETS.some(({ value }) => value === event.preset);
      const preset = isKept ? state.preset : event.preset;
      const place = event.keyStoreProblem === null ? state.proxy.place : 'env';
      return { ...state, preset, proxy: { ...state.proxy, place } };
    }
    case 'chosen':
      return at(state, event.url, event.url);
    case 'other_address':
      return at(state, null, '');
    case 'typed':
      return changed(state, { ...state.proxy, ...event.change });
    case 'source':
      return { ...changed(state, state.proxy), source: event.source };
    case 'started':
      return { ...state, busy: event.what, error: null };
    case 'tested':
      return { ...state, busy: state.busy === 'test' ? null : state.busy, test: { edition: event.edition, result: event.result } };
    case 'saved':
      return { ...state, saved: event.name };
    case 'previewed':
      return { ...state, busy: null, preview: event.preview };
    case 'failed':
      return { ...state, busy: null, error: event.error };
    case 'paused':
      return { ...state, busy: null };
    case 'preset':
      return { ...state, preset: event.preset };
    case 'autostart':
      return { ...state, autostart: event.on };
  }
}

/** Another address. A key that was typed for the one before does not go with it: it could belong to another proxy. */
function at(state: Welcome, chosen: string | null, url: string): Welcome {
  if (state.chosen === chosen && state.proxy.url === url) return state;
  return changed({ ...state, chosen }, { ...state.proxy, url, secret: '', allowPlainHttp: false });
}

/** What was found out about other values is not shown beside these. */
function changed(state: Welcome, proxy: ProxyDraft): Welcome {
  const source = proxy.url === state.proxy.url ? state.source : null;
  return { ...state, proxy, source, edition: state.edition + 1, test: null, error: null, preview: null };
}

/** What is sent: under a name that the address suggests, or the name it was saved under. */
export function welcomeForm(state: Welcome): ProxyForm {
  const name = state.saved ?? (suggestName(state.proxy.url) || 'local');
  return formOf({ ...state.proxy, edits: state.saved, name });
}

export function hasAddress(state: Welcome): boolean {
  return state.proxy.url.trim() !== '';
}

/** The test of exactly what is typed now. */
export function currentTest(state: Welcome): ProxyTest | null {
  return state.test && state.test.edition === state.edition ? state.test.result : null;
}

export type Ending =
  /** Save, test first where it was not tested, sync. */
  | 'sync'
  /** The proxy can be watched, but not synced by this key or version. */
  | 'save'
  /** No proxy. */
  | 'watch';

export function ending(state: Welcome): Ending {
  if (!hasAddress(state)) return 'watch';
  const test = currentTest(state);
  return test === null || test.can_sync ? 'sync' : 'save';
}

export function endingLabel(state: Welcome): string {
  switch (ending(state)) {
    case 'sync':
      return 'Sync now and finish';
    case 'save':
      return 'Save proxy and finish';
    case 'watch':
      return 'Watch the source and finish';
  }
}

/** Whether the second way out keeps the proxy: once a person looked at what a sync would do, they may want to wait with it. */
export function keepsProxy(state: Welcome): boolean {
  return state.saved !== null || (ending(state) === 'sync' && canFinish(state) && (state.preview !== null || currentTest(state) !== null));
}

/** The second way out; `null` where the primary button is it. */
export function skipLabel(state: Welcome): string | null {
  if (!hasAddress(state)) return null;
  return keepsProxy(state) ? 'Finish without syncing' : 'Skip, only watch the source';
}

/** An address that answers but is no LiteLLM must not be saved: it would be given a key. */
export function canFinish(state: Welcome): boolean {
  return currentTest(state)?.error?.code !== 'not_litellm';
}

/** A test that got nowhere because of one field: told beside that field, not as a result. */
function failedTest(state: Welcome): ErrorView | null {
  const test = currentTest(state);
  return test !== null && !test.can_read && test.error !== null && proxyFieldOf(test.error) !== null ? test.error : null;
}

/** The test to show as a result. */
export function shownTest(state: Welcome): ProxyTest | null {
  return failedTest(state) === null ? currentTest(state) : null;
}

/** Where the last error belongs: beside a field, or below them all. */
export function welcomeError(state: Welcome): { field: ProxyField | null; error: ErrorView } | null {
  const error = state.error ?? failedTest(state);
  if (!error) return null;
  const field = proxyFieldOf(error);
  // The name is made up here, so there is no field to stand beside.
  return { field: field === 'name' || field === 'role' ? null : field, error };
}

export function searchTitle(state: Welcome): string {
  if (state.chosen === null && state.found.length > 0) return 'Your proxy';
  if (state.search === 'looking') return 'Looking for a proxy on this machine';
  switch (state.found.length) {
    case 0:
      return 'No proxy found on this machine';
    case 1:
      return 'Found a proxy on this machine';
    default:
      return `Found ${count(state.found.length)} proxies on this machine`;
  }
}

/** What a sync would do: a head that stands out, and the rest of it. */
export function previewText(preview: RunDetail): { head: string; text: string } {
  const { run } = preview;
  if (run.outcome === 'held') return { head: 'A sync would wait.', text: run.error?.message ?? 'The checks hold the newest map back; the proxy would keep what it has.' };
  if (run.outcome !== 'planned') return { head: 'No preview.', text: run.error?.message ?? 'The proxy could not be compared.' };
  const parts: string[] = [];
  const some = (n: number, one: string, many: string) => n > 0 && parts.push(`${count(n)} ${n === 1 ? one : many}`);
  some(run.new_models, 'new model', 'new models');
  some(run.pricing_changes, 'price change', 'price changes');
  some(run.removed_models, 'removed model', 'removed models');
  if (parts.length === 0) return { head: 'A sync would change nothing:', text: 'models and prices are the same already.' };
  const last = parts.pop();
  return { head: 'A sync would bring', text: `${parts.length ? `${parts.join(', ')} and ${last}` : last}. Nothing has changed yet.` };
}
