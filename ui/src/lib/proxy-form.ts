// A proxy as it is typed, where an error of it belongs, and what a test of it says. Pure.

import { NAMED_UNPRICED, type ErrorView, type ProxyForm, type ProxySetting, type ProxyTest } from '../host';
import { count } from './format';
import { periodWords, type Choice } from './periods';

export const ROLES: readonly Choice[] = [
  { value: 'production', label: 'Production' },
  { value: 'staging', label: 'Staging' },
  { value: 'testing', label: 'Testing' },
  { value: 'development', label: 'Development' },
];

/** Where LiteLLM looks for the key unless its settings say otherwise. */
export const DEFAULT_KEY_HEADER = 'Authorization';

/** A proxy as it is typed; both places of the key keep what was typed while one switches between them. */
export interface ProxyDraft {
  edits: string | null;
  name: string;
  url: string;
  role: string;
  place: 'keyring' | 'env';
  secret: string;
  variable: string;
  /** The header that carries the key; empty for the usual one. */
  keyHeader: string;
  allowPlainHttp: boolean;
  /** A PEM file of the company's own authority; empty for the system's store alone. */
  caFile: string;
  /** The map file in its installation; empty: not written here. */
  localFile: string;
  /** The command that restarts it; empty: none. */
  restart: string;
  /** How often it reloads its map by itself: `6h`; empty: the app syncs it. */
  ownSchedule: string;
  /** How often it reloads its Anthropic beta headers by itself; empty: not. */
  betaHeaders: string;
}

/** The choices of a schedule inside the proxy: `none` says what holds without one, `now` is kept though it is none of them. */
export function hourChoices(none: string, now: string): readonly Choice[] {
  const usual: Choice[] = [{ value: '', label: none }, ...['1h', '6h', '12h', '24h', '168h'].map((value) => ({ value, label: hoursLabel(value) }))];
  return usual.some(({ value }) => value === now) ? usual : [...usual, { value: now, label: hoursLabel(now) }];
}

function hoursLabel(hours: string): string {
  return hours === '168h' ? 'Reloads by itself every week' : `Reloads by itself every ${hours === '1h' ? 'hour' : periodWords(hours)}`;
}

export function newProxy(name = '', url = ''): ProxyDraft {
  return { edits: null, name, url, role: 'production', place: 'keyring', secret: '', variable: '', keyHeader: '', allowPlainHttp: false, caFile: '', localFile: '', restart: '', ownSchedule: '', betaHeaders: '' };
}

export function draftOf(setting: ProxySetting): ProxyDraft {
  return {
    edits: setting.name,
    name: setting.name,
    url: setting.url,
    role: setting.role,
    place: setting.key_variable === null ? 'keyring' : 'env',
    secret: '',
    variable: setting.key_variable ?? '',
    keyHeader: setting.key_header.toLowerCase() === DEFAULT_KEY_HEADER.toLowerCase() ? '' : setting.key_header,
    allowPlainHttp: setting.allow_plain_http,
    caFile: setting.ca_file,
    localFile: setting.local_file,
    restart: setting.restart,
    ownSchedule: setting.own_schedule,
    betaHeaders: setting.beta_headers,
  };
}

/** What goes over the border. An empty key means: the one that is there. */
export function formOf(draft: ProxyDraft): ProxyForm {
  return {
    edits: draft.edits,
    name: draft.name.trim(),
    url: draft.url.trim(),
    role: draft.role,
    key:
      draft.place === 'env'
        ? { place: 'env', variable: draft.variable.trim() }
        : { place: 'keyring', secret: draft.secret === '' ? null : draft.secret },
    key_header: draft.keyHeader.trim() || DEFAULT_KEY_HEADER,
    allow_plain_http: draft.allowPlainHttp,
    ca_file: draft.caFile.trim(),
    local_file: draft.localFile.trim(),
    restart: draft.restart.trim(),
    own_schedule: draft.ownSchedule,
    beta_headers: draft.betaHeaders,
  };
}

export function isProxyDirty(draft: ProxyDraft, setting: ProxySetting | null): boolean {
  const before = setting ? draftOf(setting) : newProxy();
  return (Object.keys(before) as (keyof ProxyDraft)[]).some((key) => key !== 'edits' && draft[key] !== before[key]);
}

export type ProxyField = 'name' | 'url' | 'role' | 'key' | 'key_header' | 'ca_file' | 'local_file' | 'restart';

/** Beside which field of the editor an error stands; `null`: below them all. */
export function proxyFieldOf(error: ErrorView): ProxyField | null {
  const last = error.field?.split('.').pop();
  switch (last) {
    case 'name':
    case 'url':
    case 'role':
    case 'key':
    case 'key_header':
    case 'ca_file':
    case 'local_file':
    case 'restart':
      return last;
    case 'address':
      return 'url';
    case 'secret':
    case 'variable':
      return 'key';
  }
  switch (error.code) {
    case 'plain_http':
    case 'url_has_credentials':
    case 'not_litellm':
    case 'proxy_unreachable':
      return 'url';
    case 'no_key':
    case 'unauthorised':
    case 'no_secret_store':
      return 'key';
    case 'already_exists':
      return 'name';
    default:
      return null;
  }
}

/** A name for a proxy at this address: `local` on this machine, else the first part of the host's name. */
export function suggestName(url: string, taken: readonly string[] = []): string {
  let host = '';
  try {
    host = new URL(url.trim()).hostname;
  } catch {
    return '';
  }
  const isHere = host === 'localhost' || host === '[::1]' || /^127\./.test(host) || host.endsWith('.localhost');
  const isNumber = /^[\d.]+$/.test(host) || host.startsWith('[');
  const base = isHere ? 'local' : isNumber ? 'proxy' : (host.split('.')[0] || 'proxy').toLowerCase();
  const isTaken = (name: string) => taken.some((other) => other.toLowerCase() === name.toLowerCase());
  if (!isTaken(base)) return base;
  for (let n = 2; ; n += 1) if (!isTaken(`${base}-${n}`)) return `${base}-${n}`;
}

/** One line of what a test says. */
export interface TestLine {
  mark: 'yes' | 'no' | 'note';
  head: string;
  text: string;
}

/** What a proxy lets us do, in plain words: reading, syncing, its database, and the traps of its version. */
export function testLines(test: ProxyTest): TestLine[] {
  const lines: TestLine[] = [];
  const reason = test.error?.message ?? '';
  if (test.can_read) lines.push({ mark: 'yes', head: 'Can read.', text: readText(test) });
  else lines.push({ mark: 'no', head: 'Cannot read.', text: reason || 'The live map could not be read.' });
  if (test.can_sync) lines.push({ mark: 'yes', head: 'Can sync.', text: 'The key can reload the price map.' });
  else if (test.other_source) lines.push({ mark: 'no', head: 'Cannot sync yet.', text: test.other_source.message });
  if (!test.can_sync && test.can_read && (reason || !test.other_source)) lines.push({ mark: 'no', head: 'Cannot sync.', text: reason || 'The key cannot reload the price map.' });
  if (test.database === false) {
    const text = test.can_sync
      ? 'Fine for this app. The proxy cannot keep its own schedule, so this app does.'
      : 'LiteLLM cannot reload its map without one. This app still shows what differs; restarting the proxy loads the newest map.';
    lines.push({ mark: 'note', head: 'No database.', text });
  }
  for (const trap of test.traps) lines.push({ mark: 'note', head: 'Good to know.', text: trap });
  return lines;
}

function readText(test: ProxyTest): string {
  const parts: string[] = [];
  if (test.callable !== null) parts.push(`${count(test.callable)} callable ${test.callable === 1 ? 'model' : 'models'}`);
  if (test.priced !== null) parts.push(`${count(test.priced)} priced`);
  if (parts.length === 0) return 'The live map can be compared.';
  if (test.callable === null || test.callable === 0) return `${parts.join('; ')}.`;
  const without = test.unpriced.length;
  if (without === 0) return `${parts.join('; ')}, and every callable model has a price.`;
  const many = without >= NAMED_UNPRICED ? `${NAMED_UNPRICED} or more` : count(without);
  return `${parts.join('; ')}. ${many} callable ${without === 1 ? 'model has' : 'models have'} no price and ${without === 1 ? 'is' : 'are'} billed at $0: ${test.unpriced.slice(0, 3).join(', ')}${without > 3 ? ', …' : ''}.`;
}
