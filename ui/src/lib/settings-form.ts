// Settings as text fields: each control saves itself, and what is wrong in one field never touches another. Everything
// here is pure; the screen only calls `set` and puts its answer in.

import type { ErrorView, SettingField, SettingsView } from '../host';

/** A section of the screen, in order. */
export const SECTIONS = [
  { id: 'proxies', title: 'Proxies' },
  { id: 'source', title: 'Source' },
  { id: 'schedule', title: 'Schedule' },
  { id: 'checks', title: 'Checks' },
  { id: 'gateway', title: 'Gateway' },
  { id: 'publish', title: 'Publish' },
  { id: 'notifications', title: 'Notifications' },
  { id: 'webhooks', title: 'Webhooks' },
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
    webhook: 'webhooks',
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
    case 'gateway':
      return view.gateway.listen;
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
  'schedule.on_change': 'on_change',
  'gate.mode': 'gate_mode',
  'gate.direct': 'gate_direct',
  'gate.soak': 'gate_soak',
  'gate.stages': 'gate_stages',
  'gate.stage_soak': 'gate_stage_soak',
  'gateway.listen': 'gateway',
  'publish.to': 'publish_to',
  'publish.url': 'publish_url',
  'notify.new_models': 'notify_new_models',
  'notify.price_changes': 'notify_price_changes',
  'notify.failures': 'notify_failures',
  'notify.success_rate': 'notify_success_rate',
  'notify.quiet': 'quiet',
  'app.autostart': 'autostart',
  'app.close': 'close',
  'app.updates': 'updates',
  'app.theme': 'theme',
  'network.proxy': 'network_proxy',
  'network.ca_file': 'network_ca_file',
};

const SECTION_OF: Record<SettingField, SectionId> = {
  source: 'source',
  watch: 'source',
  preset: 'schedule',
  every: 'schedule',
  windows: 'schedule',
  on_change: 'schedule',
  gate_mode: 'checks',
  gate_direct: 'checks',
  gate_soak: 'checks',
  gate_stages: 'checks',
  gate_stage_soak: 'checks',
  gateway: 'gateway',
  publish_to: 'publish',
  publish_url: 'publish',
  notify_new_models: 'notifications',
  notify_price_changes: 'notifications',
  notify_failures: 'notifications',
  notify_success_rate: 'notifications',
  quiet: 'notifications',
  autostart: 'startup',
  close: 'startup',
  updates: 'updates',
  network_proxy: 'network',
  network_ca_file: 'network',
  theme: 'appearance',
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

export const PRESETS: readonly { value: string; label: string; note: string }[] = [
  { value: 'production', label: 'Production', note: 'Every 6 hours' },
  { value: 'development', label: 'Development', note: 'Every hour' },
  { value: 'testing', label: 'Testing', note: 'Every 12 hours' },
];
