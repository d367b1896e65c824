/** What the screen Review says and asks, and how its list is put together. Pure. */
import type { CauseView, ChangeRow, FindingView, ReviewDetail, ReviewItem } from '../host/bindings';
import { readablePair } from './diff-cell';
import { count, counted, percent, times } from './format';
import { providerName } from './labels';
import { visible } from './visible';

export type Ruling = 'approved' | 'rejected';

/** From so many on, entries with one cause are folded under it. */
const FOLD_FROM = 13;
/** So many names are told before the rest is only counted. */
const NAMED = 2;
/** Letters that surely fit into one line of the list, beside a tag. */
const LINE = 18;

/**
 * The price that is asked about: the one that a finding is about. Another price of the same entry may have moved further
 * and still be right. `null` where no price that differs is in question.
 */
export function subject({ rows, findings }: ReviewItem): ChangeRow | null {
  if (findings.length === 0) return rows[0] ?? null;
  for (const { field } of findings) {
    const row = rows.find((one) => one.field === field);
    if (row !== undefined) return row;
  }
  return null;
}

/** What happens to the entry, in one line. */
export function lineOf(item: ReviewItem): string {
  if (item.is_new) return 'New model';
  if (item.is_gone) return item.proxies.length === 0 ? 'Removed' : `Removed, but ${users(item.proxies)}`;
  const row = subject(item);
  return row === null ? said(item) : moves(row);
}

/** Why a new model is asked about: it has no two values that could stand there. */
export function noteOf(item: ReviewItem): string | null {
  return item.is_new && item.findings.length > 0 ? said(item) : null;
}

/** "Input rises 1,000×". */
function moves({ label, before, after, ratio, percent: change, direction }: ChangeRow): string {
  const what = capital(spoken(label));
  if (after === null) return `${what} loses its price`;
  if (isZero(after)) return `${what} becomes zero`;
  if (before === null) return `${what} gets a price`;
  if (isZero(before)) return `${what} is no longer free`;
  const wild = times(ratio);
  const by = wild !== null ? `${wild.slice(1)}×` : change === null ? '' : percent(change).slice(1);
  if (direction === 'none') return `${what} changes`;
  return `${what} ${direction === 'rise' ? 'rises' : 'falls'}${by === '' ? '' : ` ${by}`}`;
}

/** The question that the detail asks. */
export function question(item: ReviewItem): string {
  if (item.is_new) return 'Is this new model right?';
  if (item.is_gone) return `Is ${visible(item.model)} really gone?`;
  const row = subject(item);
  if (row === null) return item.rows.length > 0 ? 'Is this change right?' : 'Is this entry right?';
  const what = spoken(row.label);
  if (row.after === null) return `Is the price for ${what} really gone?`;
  if (isZero(row.after)) return `Is ${what} really free?`;
  return `Does ${what} really cost ${figuresOf(row)[1]} ${row.unit ?? 'per 1M tokens'}?`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** "Input, over 200k" within a sentence: "input (over 200k)". */
function spoken(label: string): string {
  const [first = '', ...rest] = visible(label).split(', ');
  // "Cost per second" is no word for what one pays for.
  const name = /^cost per /i.test(first) ? 'usage' : first.charAt(0).toLowerCase() + first.slice(1);
  return rest.length === 0 ? name : `${name} (${rest.join(', ')})`;
}

/** Old and new, as large figures. Of a model that comes or goes they are known once its scale is. */
export interface Figures {
  label: string;
  before: string;
  after: string;
  /** `null` where nothing can be compared. */
  row: ChangeRow | null;
}

export function figures(item: ReviewItem, detail: ReviewDetail | undefined): Figures | null {
  const row = subject(item);
  if (row !== null) {
    const [before, after] = figuresOf(row);
    return { label: visible(row.label), before, after, row };
  }
  if ((!item.is_new && !item.is_gone) || detail === undefined || detail.label === null) return null;
  const shown = (kind: 'now' | 'proposed') => detail.scale.find((point) => point.kind === kind)?.shown ?? '—';
  const [before, after] = [shown('now'), shown('proposed')];
  return before === after ? null : { label: visible(detail.label), before, after, row: null };
}

export function figuresOf(row: Pick<ChangeRow, 'before' | 'after'>): [string, string] {
  const [before, after] = readablePair(row.before, row.after);
  return [visible(before), visible(after)];
}

/** What the two buttons say about one entry; what they do is told before it is done. */
export function labels(item: ReviewItem): Record<Ruling, string> {
  if (item.is_new) return { approved: 'Approve this model', rejected: 'Reject, leave it out' };
  if (item.is_gone) return { approved: 'Approve the removal', rejected: 'Reject, keep it' };
  const row = subject(item);
  if (row === null) return { approved: 'Approve the change', rejected: 'Reject, keep the old entry' };
  const [before, after] = figuresOf(row);
  return {
    approved: row.after === null ? 'Approve, without a price' : `Approve ${after}`,
    rejected: row.before === null ? 'Reject, keep it without a price' : `Reject, keep ${before}`,
  };
}

/** What a rejection does and how long it holds. */
export function consequence(item: ReviewItem): string {
  if (item.is_new) return 'Rejecting leaves this model out and remembers that. You are asked again only if its entry changes.';
  if (item.is_gone) return 'Rejecting keeps the old entry and remembers that. You are asked again only if the model comes back differently.';
  const row = subject(item);
  if (row === null || row.before === null) return 'Rejecting keeps the old entry and remembers this one. You are asked again only if it changes.';
  return `Rejecting keeps ${figuresOf(row)[0]} and remembers this value. You are asked again only if it changes.`;
}

/** "Rejected gpt-5", "Approved 3 entries". */
export function decided(models: readonly string[], ruling: Ruling | null): string {
  const verb = ruling === null ? 'Took back' : ruling === 'approved' ? 'Approved' : 'Rejected';
  const what = models.length === 1 ? visible(models[0]!) : counted(models.length, 'entry', 'entries');
  return ruling === null ? `Took back the decision about ${what}` : `${verb} ${what}`;
}

/** A finding beside its model's name need not say the name again; what is left is a sentence of its own. */
export function sentence(model: string | null, message: string): string {
  const rest = model !== null && message.startsWith(`${model}:`) ? message.slice(model.length + 1).trim() : model !== null && message.startsWith(`${model} `) ? message.slice(model.length + 1) : message;
  // A field keeps its spelling.
  return visible(rest).replace(/^\p{Ll}(?=\p{Ll}*[ ,])/u, (letter) => letter.toUpperCase());
}

function said(item: ReviewItem): string {
  const first = item.findings[0];
  return first === undefined ? 'The checks ask about this entry.' : sentence(item.model, first.message);
}

/** The one rule of all findings; `null` where there are several. */
export function onlyRule(findings: readonly FindingView[]): string | null {
  const rules = new Set(findings.map(({ rule }) => rule));
  return rules.size === 1 ? findings[0]!.rule : null;
}

/** "prod uses it", "prod and box use it", "prod, box and 3 more use it". */
function users(names: readonly string[]): string {
  return `${list(names)} ${names.length === 1 ? 'uses' : 'use'} it`;
}

export function list(names: readonly string[]): string {
  const shown = names.map(visible);
  if (names.length > NAMED + 1) return `${shown.slice(0, NAMED).join(', ')} and ${count(names.length - NAMED)} more`;
  return names.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function isZero(text: string): boolean {
  return /^[0.,]+$/.test(text) && text.includes('0');
}

/** Entries that are asked about for one reason. */
export interface Cause {
  key: string;
  /** One sentence for all of them. */
  text: string;
  items: ReviewItem[];
  /** How many of them a proxy uses. */
  mine: number;
}

export type ListRow =
  | { kind: 'item'; key: string; item: ReviewItem; isFolded: boolean }
  | { kind: 'cause'; key: string; cause: Cause; isOpen: boolean }
  | { kind: 'decided'; key: string; size: number; isOpen: boolean };

export const DECIDED = 'decided';
export const keyOf = (model: string) => `model:${model}`;

/**
 * Open entries as they came, mine first; of very many those with one cause below it, where its first one was. `causes` are
 * the program's own: its sentences, and which models each is about.
 */
export function causesOf(open: readonly ReviewItem[], causes: readonly CauseView[]): (ReviewItem | Cause)[] {
  if (open.length < FOLD_FROM) return [...open];
  const told = causes.map((cause) => ({ cause, named: new Set(cause.models) }));
  const sentences = new Map<string, Set<string>>();
  /** Of very many not all are named: the rest are those of the same provider. */
  const rests = new Map<string, number>();
  const namedIn = (item: ReviewItem) => told.findIndex(({ cause, named }) => cause.rule === ruleOf(item) && named.has(item.model));
  for (const item of open) {
    const rule = ruleOf(item);
    const at = namedIn(item);
    if (at >= 0 && told[at]!.cause.count > told[at]!.named.size) rests.set(`${rule}\n${item.provider}`, at);
    sentences.set(rule, (sentences.get(rule) ?? new Set()).add(said(item)));
  }
  const groups = new Map<string, { items: ReviewItem[]; text: string | null }>();
  for (const item of open) {
    const rule = ruleOf(item);
    const named = namedIn(item);
    const of = named >= 0 ? named : (rests.get(`${rule}\n${item.provider}`) ?? -1);
    // What a rule says of all its entries word for word is one cause; else it is one for each provider.
    const key = sentences.get(rule)?.size === 1 ? rule : of >= 0 ? `${rule}\n${of}` : `${rule}\n${item.provider ?? ''}`;
    const group = groups.get(key) ?? { items: [], text: null };
    group.items.push(item);
    group.text ??= told[of]?.cause.message ?? null;
    groups.set(key, group);
  }
  return [...groups].map(([key, { items, text }]) => {
    if (items.length === 1) return items[0]!;
    return { key: `cause:${key}`, text: text === null ? ownText(items) : visible(text), items, mine: items.filter(({ proxies }) => proxies.length > 0).length };
  });
}

const ruleOf = (item: ReviewItem) => item.findings[0]?.rule ?? '';

/** A sentence where the program has none: it tells only its gravest causes. */
function ownText(items: readonly ReviewItem[]): string {
  const first = items[0]!;
  if (new Set(items.map(said)).size === 1) return said(first);
  return `${visible(providerName(first.provider))}: ${lineOf(first).replace(/\.$/, '')}, and ${count(items.length - 1)} alike.`;
}

/** The list as it is shown. */
export function listRows(grouped: readonly (ReviewItem | Cause)[], settled: readonly ReviewItem[], opened: ReadonlySet<string>): ListRow[] {
  const rows: ListRow[] = [];
  const add = (item: ReviewItem, isFolded: boolean) => rows.push({ kind: 'item', key: keyOf(item.model), item, isFolded });
  for (const one of grouped) {
    if (!('items' in one)) {
      add(one, false);
      continue;
    }
    const isOpen = opened.has(one.key);
    rows.push({ kind: 'cause', key: one.key, cause: one, isOpen });
    if (isOpen) for (const item of one.items) add(item, true);
  }
  if (settled.length > 0) {
    const isOpen = opened.has(DECIDED);
    rows.push({ kind: 'decided', key: DECIDED, size: settled.length, isOpen });
    if (isOpen) for (const item of settled) add(item, false);
  }
  return rows;
}

/** What must be unfolded so that a model is in the list; `null` where it is, or where nobody asks about it. */
export function folderOf(model: string, grouped: readonly (ReviewItem | Cause)[], settled: readonly ReviewItem[]): string | null {
  if (settled.some((item) => item.model === model)) return DECIDED;
  return grouped.find((one): one is Cause => 'items' in one && one.items.some((item) => item.model === model))?.key ?? null;
}

/** The heights that the rows are drawn with: two lines, or three. */
export function heightOf(row: ListRow): number {
  if (row.kind === 'decided') return 32;
  if (row.kind === 'cause') return 68;
  return bodyOf(row.item, row.isFolded) === 'short' ? 64 : 84;
}

/** What stands below the name: a line and two values, a line and a note, a line that may need two, or a short line. */
export function bodyOf(item: ReviewItem, isFolded: boolean): 'values' | 'note' | 'long' | 'short' {
  if (subject(item) !== null && !item.is_new && !item.is_gone) return 'values';
  // Below its cause a new model need not say it again.
  if (noteOf(item) !== null && !isFolded) return 'note';
  return lineOf(item).length > LINE ? 'long' : 'short';
}

/** The row to go to with a plain key; `null` for another key. */
export function stepped(key: string, at: number, size: number): number | null {
  const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key.length === 1 ? key.toLowerCase() : key];
  if (by === undefined || size === 0) return null;
  return Math.min(size - 1, Math.max(0, at < 0 ? 0 : at + by));
}

/** Where the choice goes when these models are decided: to the next one that waits, else the one before; `null` to stay. */
export function afterwards(rows: readonly ListRow[], at: number, models: ReadonlySet<string>): string | null {
  const row = rows[at];
  const isLeft = (one: ListRow) => (one.kind === 'cause' ? one.cause.items.some(({ model }) => !models.has(model)) : one.kind === 'item' && one.item.standing === 'open' && !models.has(one.item.model));
  if (row === undefined || isLeft(row) || row.kind === 'decided' || (row.kind === 'item' && !models.has(row.item.model))) return null;
  return (rows.slice(at + 1).find(isLeft) ?? rows.slice(0, at).findLast(isLeft))?.key ?? null;
}
