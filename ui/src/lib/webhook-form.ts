// A webhook as it is typed, which alerts there are, and what is said of how far it has got. Pure.

import type { ErrorView, WebhookForm, WebhookSetting } from '../host';
import { count } from './format';
import type { Choice } from './periods';

export const KINDS: readonly Choice[] = [
  { value: 'slack', label: 'Slack, Mattermost, Discord' },
  { value: 'json', label: 'JSON' },
];

/** Every alert, in the order of the settings file, with whether a new webhook gets it. */
export const ALERTS: readonly { value: string; label: string; note: string; usual: boolean }[] = [
  { value: 'failures', label: 'Failures', note: 'Syncs that fail, and when they work again', usual: true },
  { value: 'success_rate', label: 'Success rate', note: 'A proxy whose syncs fail too often', usual: true },
  { value: 'anomalies', label: 'Anomalies', note: 'A map that is held back, entries that need review', usual: true },
  { value: 'prices', label: 'Prices', note: 'New prices of models that you use', usual: true },
  { value: 'retiring', label: 'Retiring models', note: 'Models that you use and that retire soon or are gone', usual: true },
  { value: 'fallback', label: 'Fallback', note: 'A proxy on the map in its package', usual: true },
  { value: 'withdrawn', label: 'Withdrawn releases', note: 'A proxy on a LiteLLM version that was withdrawn', usual: true },
  { value: 'new_models', label: 'New models', note: 'All of them, from every provider', usual: false },
];

/** A webhook as it is typed; both places of the address keep what was typed while one switches between them. */
export interface WebhookDraft {
  edits: string | null;
  name: string;
  kind: string;
  place: 'keyring' | 'env';
  secret: string;
  variable: string;
  alerts: readonly string[];
  enabled: boolean;
}

export function newWebhook(canStore: boolean): WebhookDraft {
  return { edits: null, name: '', kind: 'slack', place: canStore ? 'keyring' : 'env', secret: '', variable: '', alerts: ALERTS.filter(({ usual }) => usual).map(({ value }) => value), enabled: true };
}

export function draftOf(setting: WebhookSetting): WebhookDraft {
  return {
    edits: setting.name,
    name: setting.name,
    kind: setting.kind,
    place: setting.url_variable === null ? 'keyring' : 'env',
    secret: '',
    variable: setting.url_variable ?? '',
    alerts: setting.alerts,
    enabled: setting.enabled,
  };
}

/** What goes over the border. An empty address means: the one that is there. */
export function formOf(draft: WebhookDraft): WebhookForm {
  return {
    edits: draft.edits,
    name: draft.name.trim(),
    kind: draft.kind,
    url: draft.place === 'env' ? { place: 'env', variable: draft.variable.trim() } : { place: 'keyring', secret: draft.secret.trim() === '' ? null : draft.secret.trim() },
    alerts: [...draft.alerts],
    enabled: draft.enabled,
  };
}

/** With one alert more or less, in the usual order. */
export function toggled(alerts: readonly string[], value: string): string[] {
  const has = alerts.includes(value);
  return ALERTS.map((alert) => alert.value).filter((known) => (known === value ? !has : alerts.includes(known)));
}

export function isWebhookDirty(draft: WebhookDraft, setting: WebhookSetting | null): boolean {
  if (setting === null) return draft.name.trim() !== '' || draft.secret !== '' || draft.variable !== '';
  return JSON.stringify(draft) !== JSON.stringify(draftOf(setting));
}

/** Beside which field of the editor an error stands; `null`: below them all. */
export function webhookFieldOf(error: ErrorView): 'name' | 'kind' | 'url' | 'alerts' | null {
  const last = error.field?.split('.').pop();
  return last === 'name' || last === 'kind' || last === 'url' || last === 'alerts' ? last : null;
}

/** "Failures, prices and 5 more". */
export function alertsText(alerts: readonly string[]): string {
  const labels = ALERTS.filter(({ value }) => alerts.includes(value)).map(({ label }) => label);
  if (labels.length === 0) return 'No alerts';
  if (labels.length === ALERTS.length) return 'All alerts';
  const [first = '', ...rest] = labels.map((label, at) => (at === 0 ? label : label.toLowerCase()));
  if (rest.length === 0) return first;
  return rest.length < 3 ? `${[first, ...rest.slice(0, -1)].join(', ')} and ${rest.at(-1)}` : `${first}, ${rest[0]} and ${rest.length - 1} more`;
}

/** What waits and what never came, in a few words; empty where there is neither. */
export function waitText({ waiting, given_up }: { waiting: number; given_up: number }): string {
  const parts = [];
  if (waiting > 0) parts.push(`${count(waiting)} waiting`);
  if (given_up > 0) parts.push(`${count(given_up)} not delivered`);
  return parts.join(', ');
}
