/** The form for an entry of one's own: what is typed, what is wrong with it, and what is saved. */
import type { DraftField, OwnDraft, OwnEntryView } from '../host';
import { decimal, isExact, shifted } from './decimal';

export interface FormField extends DraftField {
  /** What is typed, in the unit that people read. Empty: upstream's value counts. */
  text: string;
}

export function fieldsOf(draft: OwnDraft): FormField[] {
  return draft.fields.map((field) => {
    const value = field.own ?? (draft.is_own ? null : field.suggested);
    return { ...field, text: value === null ? '' : shown(value, field.power) };
  });
}

/** Upstream's prices beside one's own, in a few words: "upstream 2.50 / 10.00". */
export function upstreamWords({ upstream, fields }: OwnEntryView): string {
  if (upstream === 'absent') return 'not upstream';
  const prices = fields.filter(({ unit }) => unit !== '');
  if (prices.length === 0) return '';
  if (upstream === 'same') return 'upstream the same';
  const shown = prices.slice(0, 2).map((field) => field.upstream ?? 'none').join(' / ');
  return `upstream ${shown}${prices.length > 2 ? ' …' : ''}`;
}

/** What the form keeps beside the prices: the own entry's, or what a model that upstream does not have needs. */
export function othersOf(draft: OwnDraft): { field: string; value: string }[] {
  const entry = JSON.parse(draft.json) as Record<string, unknown>;
  const [provider, rest] = draft.model.split('/', 2);
  const usual: Record<string, string> = { litellm_provider: rest === undefined ? '' : provider!, mode: 'chat' };
  return ['litellm_provider', 'mode'].flatMap((field) => {
    if (field in entry) return [{ field, value: JSON.stringify(entry[field]) }];
    if (draft.is_known || draft.is_own) return [];
    return [{ field, value: draft.other.find((one) => one.field === field)?.value ?? JSON.stringify(usual[field]) }];
  });
}

/** Words in a field's name that tell its unit, as the program knows them: per unit as stored, and as people read it. */
const UNITS: readonly (readonly [word: string, power: number, stored: string, per: string])[] = [
  ['per_1k_tokens', 3, 'per 1K tokens', 'per 1M tokens'], ['_token', 6, 'per token', 'per 1M tokens'], ['_pixel', 6, 'per pixel', 'per 1M pixels'], ['_character', 6, 'per character', 'per 1M characters'],
  ...['image', 'second', 'query', 'page', 'request', 'session', 'credit', 'message'].map((word) => [`_${word}`, 0, `per ${word}`, `per ${word}`] as const),
];

/** A price field that the form does not have yet. "above_128k_tokens" is a tier and no unit. */
export function newField(path: string): FormField {
  const name = path.split('.').findLast((part) => part.includes('cost')) ?? path;
  const plain = name.split('_above_')[0]!;
  const [, power, stored_per, per] = UNITS.find(([word]) => plain.includes(word)) ?? ['', 0, 'per unit', 'per unit'];
  return { field: path, label: path, per, power, stored_per, own: null, upstream: null, suggested: null, text: '' };
}

/** A value per unit as people read it: with two decimals at least, as everywhere. */
export function shown(value: string, power: number): string {
  const plain = decimal(value);
  if (plain === null) return value;
  const [whole = '', fraction = ''] = shifted(plain, power).split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}

/** The value per unit as it is stored; `null` for nothing typed, or what cannot be read. */
export function stored({ text, power }: FormField): string | null {
  const plain = decimal(text);
  return plain === null ? null : shifted(plain, -power);
}

export function wrong(field: FormField): string | null {
  if (field.text.trim() === '') return null;
  const value = stored(field);
  if (value === null) return field.text.includes(',') ? 'Use a point and no commas, such as 1250.80.' : 'Enter a price such as 1.80.';
  return isExact(value) ? null : 'That has more digits than can be kept.';
}

/** `text` as a value of JSON: JSON as it is, anything else a text. */
export function jsonValue(text: string): string {
  try {
    JSON.parse(text);
    return text.trim();
  } catch {
    return JSON.stringify(text.trim());
  }
}

/** The entry as JSON text. Numbers are put in as they were typed, so no digit is lost. */
export function entryOf(fields: readonly FormField[], other: readonly { field: string; value: string }[]): string {
  const tree: Tree = new Map();
  for (const { field, value } of other) put(tree, field.split('.'), value);
  for (const field of fields) {
    const value = stored(field);
    if (field.text.trim() !== '' && value !== null) put(tree, field.field.split('.'), value);
  }
  return textOf(tree);
}

type Tree = Map<string, string | Tree>;

function put(tree: Tree, path: string[], value: string): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) {
    tree.set(first, value);
    return;
  }
  const known = tree.get(first);
  const inner: Tree = known instanceof Map ? known : new Map();
  tree.set(first, inner);
  put(inner, rest, value);
}

function textOf(tree: Tree): string {
  return `{${[...tree].map(([name, value]) => `${JSON.stringify(name)}: ${typeof value === 'string' ? value : textOf(value)}`).join(', ')}}`;
}

/** Whether the price fields of the form are all that an own entry has: else it is edited as JSON. */
export function isPlain(json: string, fields: readonly { field: string }[]): boolean {
  const names = new Set([...fields.map(({ field }) => field.split('.')[0]), 'litellm_provider', 'mode']);
  try {
    return Object.keys(JSON.parse(json) as object).every((name) => names.has(name));
  } catch {
    return false;
  }
}
