// Settings as text fields: each control saves itself, and what is wrong in one field never touches another. Everything
// here is pure; the screen only calls `set` and puts its answer in.

import type { ErrorView, ProxyForm, ProxySetting, ProxyTest, SettingField, SettingsView } from '../host';
import { clockTime, count, day } from './format';

/** A section of the screen, in order. */
export const SECTIONS = [
  { id: 'proxies', title: 'Proxies' },
  { id: 'source', title: 'Source' },
  { id: 'schedule', title: 'Schedule' },
  { id: 'checks', title: 'Checks' },
  { id: 'notifications', title: 'Notifications' },
  { id: 'startup', title: 'Start-up' },
  { id: 'network', title: 'Network' },
  { id: 'appearance', title: 'Appearance' },
  { id: 'updates', title: 'Updates' },
  { id: 'data', title: 'Data' },
] as const;

export type SectionId = (typeof SECTIONS)[number]['id'];

/** The section that a place names; other words for the same thing are understood. */
export function sectionOf(name: string | null): SectionId | null {
  if (name === null) return null;
  const other: Record<string, SectionId> = {
    proxy: 'proxies',
    gate: 'checks',
    notify: 'notifications',
    'start-up': 'startup',
    autostart: 'startup',
    theme: 'appearance',
    home: 'data',
  };
  return SECTIONS.find((section) => section.id === name)?.id ?? (Object.hasOwn(other, name) ? other[name] : null) ?? null;
}

/** What `set` would be given for the value that holds now. */
export function savedText(view: SettingsView, field: SettingField): string {
  switch (field) {
    case 'windows':
      return view.windows.join('\n');
    case 'autostart':
      return String(view.autostart ?? false);
    default:
      return String(view[field]);
  }
}

/** A field that is being typed in, or that was refused. */
export interface Draft {
  text: string;
  /** Why this very text was refused. */
  error: ErrorView | null;
  /** It is on its way. */
  saving: boolean;
}

export type Drafts = Readonly<Partial<Record<SettingField, Draft>>>;

/** What the field shows: what is typed there, or else what holds. */
export function shownText(view: SettingsView, drafts: Drafts, field: SettingField): string {
  return drafts[field]?.text ?? savedText(view, field);
}

export function isDirty(view: SettingsView, drafts: Drafts, field: SettingField): boolean {
  const draft = drafts[field];
  return draft !== undefined && draft.text !== savedText(view, field);
}

function without(drafts: Drafts, field: SettingField): Drafts {
  const { [field]: _, ...rest } = drafts;
  return rest;
}

/** A person typed. An error belongs to the text that was refused, so it goes with the first change. */
export function typed(drafts: Drafts, field: SettingField, text: string): Drafts {
  const before = drafts[field];
  const error = before && before.text === text ? before.error : null;
  return { ...drafts, [field]: { text, error, saving: false } };
}

export function sent(drafts: Drafts, field: SettingField, text: string): Drafts {
  return { ...drafts, [field]: { text, error: null, saving: true } };
}

/** The answer to `text` is good. What was typed since then stays. */
export function accepted(drafts: Drafts, field: SettingField, text: string): Drafts {
  return drafts[field] && drafts[field].text !== text ? drafts : without(drafts, field);
}

/** The answer to `text` is an error; it is told only while that text is still there. */
export function refused(drafts: Drafts, field: SettingField, text: string, error: ErrorView): Drafts {
  const draft = drafts[field];
  return draft && draft.text !== text ? drafts : { ...drafts, [field]: { text, error, saving: false } };
}

/** Back to what holds. */
export function reverted(drafts: Drafts, field: SettingField): Drafts {
  return without(drafts, field);
}

/** How many fields were refused; `proxyErrors` come from the editor of proxies. */
export function headline(drafts: Drafts, proxyErrors = 0): string {
  const refusals = Object.values(drafts).filter((draft) => draft.error !== null).length + proxyErrors;
  if (refusals === 0) return '';
  return refusals === 1 ? '1 field needs correcting; the rest is saved' : `${refusals} fields need correcting; the rest is saved`;
}

/** The sections with a refused field, for the index. */
export function wrongSections(drafts: Drafts): SectionId[] {
  return (Object.keys(drafts) as SettingField[]).filter((field) => drafts[field]?.error).map((field) => SECTION_OF[field]);
}

const FIELD_OF: Record<string, SettingField> = {
  'source.url': 'source',
  'source.file': 'source',
  'source.watch': 'watch',
  'schedule.preset': 'preset',
  'schedule.every': 'every',
  'schedule.windows': 'windows',
  'gate.mode': 'gate_mode',
  'gate.direct': 'gate_direct',
  'gate.soak': 'gate_soak',
  'notify.new_models': 'notify_new_models',
  'notify.price_changes': 'notify_price_changes',
  'notify.failures': 'notify_failures',
  'notify.quiet': 'quiet',
  'app.autostart': 'autostart',
  'app.close': 'close',
  'app.theme': 'theme',
  'app.updates': 'updates',
  'network.proxy': 'network_proxy',
};

const SECTION_OF: Record<SettingField, SectionId> = {
  source: 'source',
  watch: 'source',
  preset: 'schedule',
  every: 'schedule',
  windows: 'schedule',
  gate_mode: 'checks',
  gate_direct: 'checks',
  gate_soak: 'checks',
  notify_new_models: 'notifications',
  notify_price_changes: 'notifications',
  notify_failures: 'notifications',
  quiet: 'notifications',
  autostart: 'startup',
  close: 'startup',
  network_proxy: 'network',
  theme: 'appearance',
  updates: 'updates',
};

/** The control that a field of the settings file belongs to: `schedule.every`, `schedule.windows[1]`, `every`. */
export function fieldOf(path: string): SettingField | null {
  const bare = path.replace(/\[\d+\]/g, '');
  if (Object.hasOwn(FIELD_OF, bare)) return FIELD_OF[bare] ?? null;
  return Object.hasOwn(SECTION_OF, bare) ? (bare as SettingField) : null;
}

/** The section where a problem of the settings file is shown. */
export function sectionOfPath(path: string): SectionId | null {
  const field = fieldOf(path);
  if (field) return SECTION_OF[field];
  return sectionOf(path.replace(/\[.*$/, '').split('.')[0] ?? null);
}

// Quiet hours: `22:00-07:00`, or nothing.

export interface QuietTimes {
  from: string;
  to: string;
}

export function splitQuiet(quiet: string): QuietTimes {
  const [from = '', to = ''] = quiet.split('-').map((part) => part.trim());
  return { from, to };
}

/** Both times as one text; for `set` once `quietProblem` has nothing to say. */
export function joinQuiet({ from, to }: QuietTimes): string {
  if (from.trim() === '' && to.trim() === '') return '';
  return `${timeOf(from) ?? from}-${timeOf(to) ?? to}`;
}

/** A time of day as people type it: "7", "7:30", "0730" and "07:30" are the same kind. `null`: it is none. */
export function timeOf(text: string): string | null {
  const parts = /^(\d{1,2})(?::?(\d{2}))?$/.exec(text.trim());
  if (!parts) return null;
  const [hours, minutes] = [Number(parts[1]), Number(parts[2] ?? '0')];
  if (minutes > 59 || hours > 24 || (hours === 24 && minutes > 0)) return null;
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

/** What stands in the way of saving these two times: one is missing, or is no time. */
export function quietProblem({ from, to }: QuietTimes): ErrorView | null {
  const told = (message: string): ErrorView => ({ code: 'invalid_setting', message, detail: null, field: 'quiet' });
  if (from === '' && to === '') return null;
  if (from === '' || to === '') return told(`Enter when quiet hours ${from === '' ? 'begin' : 'end'} too, or clear both times.`);
  if (timeOf(from) === null || timeOf(to) === null) return told('Write times as hours and minutes, for example 22:00.');
  return null;
}

// Periods: `90s`, `5m`, `6h`, `1d`.

const UNITS: Record<string, [one: string, many: string]> = {
  s: ['second', 'seconds'],
  m: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  d: ['day', 'days'],
};

/** "6 hours"; "hour" for one of them when it follows "every". What is no period is shown as it stands. */
export function periodWords(period: string): string {
  const parts = /^(\d+)([smhd])$/.exec(period.trim());
  if (!parts) return period;
  const [, digits = '', letter = ''] = parts;
  const number = Number(digits);
  const [one, many] = UNITS[letter] ?? ['', ''];
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** "Every 6 hours", "Every hour", "Only with a sync". */
export function everyWords(period: string, off = 'Never'): string {
  if (period === 'off' || isZero(period)) return off;
  return `Every ${periodWords(period).replace(/^1 /, '')}`;
}

export function isZero(period: string): boolean {
  return /^0+[smhd]$/.test(period.trim());
}

export interface Choice {
  value: string;
  label: string;
}

/** The choices of a menu of periods; a value of the settings file that is none of them comes with. */
export function periodChoices(current: string, values: readonly string[], words: (value: string) => string): Choice[] {
  const known = values.some((value) => value === current || (isZero(value) && isZero(current)));
  const all = known ? values : [...values, current];
  return all.map((value) => ({ value, label: words(value) }));
}

/** "today 12:00, today 18:00, tomorrow 00:00": times of the schedule, here. */
export function nextSyncs(times: readonly string[], now: number): string {
  const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
  const today = midnight(new Date(now));
  return times
    .map((text) => {
      const at = new Date(text);
      // Rounded: a day on which the clocks change has 23 or 25 hours.
      const days = Math.round((midnight(at) - today) / 86_400_000);
      const word = days === 0 ? 'today' : days === 1 ? 'tomorrow' : day(at, now);
      return `${word} ${clockTime(at)}`;
    })
    .join(', ');
}

export const PRESETS: readonly { value: string; label: string; note: string }[] = [
  { value: 'production', label: 'Production', note: 'Every 6 hours' },
  { value: 'development', label: 'Development', note: 'Every hour' },
  { value: 'testing', label: 'Testing', note: 'Every 12 hours' },
];

// Proxies.

export const ROLES: readonly Choice[] = [
  { value: 'production', label: 'Production' },
  { value: 'staging', label: 'Staging' },
  { value: 'testing', label: 'Testing' },
  { value: 'development', label: 'Development' },
];

/** A proxy as it is typed; both places of the key keep what was typed while one switches between them. */
export interface ProxyDraft {
  edits: string | null;
  name: string;
  url: string;
  role: string;
  place: 'keyring' | 'env';
  secret: string;
  variable: string;
  allowPlainHttp: boolean;
}

export function newProxy(name = '', url = ''): ProxyDraft {
  return { edits: null, name, url, role: 'production', place: 'keyring', secret: '', variable: '', allowPlainHttp: false };
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
    allowPlainHttp: setting.allow_plain_http,
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
    allow_plain_http: draft.allowPlainHttp,
  };
}

export function isProxyDirty(draft: ProxyDraft, setting: ProxySetting | null): boolean {
  const before = setting ? draftOf(setting) : newProxy();
  return (Object.keys(before) as (keyof ProxyDraft)[]).some((key) => key !== 'edits' && draft[key] !== before[key]);
}

export type ProxyField = 'name' | 'url' | 'role' | 'key';

/** Beside which field of the editor an error stands; `null`: below them all. */
export function proxyFieldOf(error: ErrorView): ProxyField | null {
  const last = error.field?.split('.').pop();
  switch (last) {
    case 'name':
    case 'url':
    case 'role':
    case 'key':
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
  else lines.push({ mark: 'no', head: 'Cannot read.', text: reason || 'The live map was not readable.' });
  if (test.can_sync) lines.push({ mark: 'yes', head: 'Can sync.', text: 'The key may reload the price map.' });
  else if (test.can_read) lines.push({ mark: 'no', head: 'Cannot sync.', text: reason || 'The key may not reload the price map.' });
  if (test.database === false) {
    const text = test.can_sync
      ? 'Fine for this app. The proxy cannot keep a schedule of its own, so this app keeps it.'
      : 'LiteLLM reloads its map only with one. This app still shows what differs; a restart takes the newest map.';
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
  if (without === 0) return `${parts.join('; ')}, and every callable one has a price.`;
  const many = without >= 100 ? '100 or more' : count(without);
  return `${parts.join('; ')}. ${many} callable ${without === 1 ? 'model has' : 'models have'} no price and ${without === 1 ? 'is' : 'are'} billed as $0: ${test.unpriced.slice(0, 3).join(', ')}${without > 3 ? ', …' : ''}.`;
}
