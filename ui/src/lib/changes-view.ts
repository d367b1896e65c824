// The changes between two maps as a person wants to read them: filtered, grouped, mine first, flat for a windowed list.

import type { CauseView, ChangeGroup, ChangeKind, ChangeRow, Changes, NoticeView } from '../host/bindings';
import { count as grouped, counted } from './format';

/** The order on the screen: money first. The host says the same; a kind it adds later comes last. */
export const KINDS: readonly ChangeKind[] = ['repriced', 'alias', 'new', 'removed', 'limits', 'capabilities', 'provider', 'deprecation', 'other'];

export const KIND_NAMES: Record<ChangeKind, string> = {
  repriced: 'Repriced',
  alias: 'Aliases',
  new: 'New',
  removed: 'Removed',
  limits: 'Limits',
  capabilities: 'Capabilities',
  provider: 'Provider and mode',
  deprecation: 'Deprecations',
  other: 'Other',
};

/** What a chip stands for: a kind of change, or what the checks said. */
export type Chip = ChangeKind | 'causes' | 'notices';

export interface ChangesFilter {
  text: string;
  provider: string | null;
  mode: string | null;
  /** Pressed chips; none means all. */
  chips: ReadonlySet<Chip>;
  onlyMine: boolean;
  mineFirst: boolean;
}

export const noFilter: ChangesFilter = { text: '', provider: null, mode: null, chips: new Set(), onlyMine: false, mineFirst: true };

export const isFiltering = ({ text, provider, mode, chips, onlyMine }: ChangesFilter) =>
  text.trim() !== '' || provider !== null || mode !== null || chips.size > 0 || onlyMine;

/** All changes, with what is searched made ready once. */
export interface ChangesTable {
  changes: Changes;
  groups: { group: ChangeGroup; words: string[] }[];
  causes: { cause: CauseView; words: string; models: string[] }[];
  notices: { notice: NoticeView; words: string }[];
  providers: string[];
  modes: string[];
  /** Changed models that a proxy uses. */
  mine: number;
}

/** What is left of a group after filtering. */
export interface GroupView {
  kind: ChangeKind;
  rows: ChangeRow[];
  models: number;
  rises: number;
  falls: number;
}

/** Everything that passes the filter: what the list shows and what an export holds. */
export interface ChangesView {
  /** One line a cause; the models of each are those that passed. */
  causes: CauseView[];
  /** Entries to review: all of them while nothing filters the causes, else those of the causes that are left. */
  toReview: number;
  groups: GroupView[];
  notices: NoticeView[];
  /** Rows of all three. */
  count: number;
}

/** A line of the list. */
export type Item =
  | { type: 'head'; chip: Chip; title: string; note: string }
  | { type: 'row'; row: ChangeRow; kind: ChangeKind }
  /** A model of which several fields differ; they are folded. */
  | { type: 'sum'; row: ChangeRow; kind: ChangeKind; rows: ChangeRow[]; text: string; key: string; isOpen: boolean }
  /** One field of an unfolded model. */
  | { type: 'field'; row: ChangeRow; kind: ChangeKind }
  | { type: 'cause'; cause: CauseView; key: string; isOpen: boolean }
  | { type: 'model'; model: string; isMine: boolean }
  | { type: 'unnamed'; label: string }
  | { type: 'notice'; notice: NoticeView }
  | { type: 'more'; chip: Chip; label: string };

/** What is unfolded: a group that is shown to its end, a cause with its models, or a model with its fields. */
export type Opened = ReadonlySet<string>;

/** A group shows so many rows until it is opened or a filter is set. */
const AT_FIRST = 10;
const CAUSES_AT_FIRST = 6;

export function prepare(changes: Changes): ChangesTable {
  const place = (kind: ChangeKind) => (KINDS.indexOf(kind) + KINDS.length + 1) % (KINDS.length + 1);
  const groups = [...changes.groups].sort((a, b) => place(a.kind) - place(b.kind));
  const rows = groups.flatMap((group) => group.rows);
  return {
    changes,
    groups: groups.map((group) => ({
      group,
      words: group.rows.map((row) => `${row.model}\n${row.label}\n${row.field}\n${row.provider ?? ''}`.toLowerCase()),
    })),
    causes: changes.causes.map((cause) => ({ cause, words: cause.message.toLowerCase(), models: cause.models.map((model) => model.toLowerCase()) })),
    notices: changes.notices.map((notice) => ({ notice, words: notice.message.toLowerCase() })),
    providers: named(rows.map((row) => row.provider)),
    modes: named(rows.map((row) => row.mode)),
    mine: models(rows.filter((row) => row.proxies.length > 0)),
  };
}

/** What passes the filter, in order. */
export function view(table: ChangesTable, filter: ChangesFilter): ChangesView {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text: string) => words.every((word) => text.includes(word));
  const wants = (chip: Chip) => filter.chips.size === 0 || filter.chips.has(chip);
  // Causes and notices are of no one provider and mode, and a notice of no proxy: a filter by these leaves them out.
  const narrow = filter.provider !== null || filter.mode !== null;

  const groups: GroupView[] = [];
  for (const { group, words: texts } of table.groups) {
    if (!wants(group.kind)) continue;
    const rows = group.rows.filter(
      (row, index) =>
        (filter.provider === null || row.provider === filter.provider) &&
        (filter.mode === null || row.mode === filter.mode) &&
        (!filter.onlyMine || row.proxies.length > 0) &&
        has(texts[index]!),
    );
    if (rows.length > 0) groups.push(summed(group.kind, filter.mineFirst ? mineFirst(rows) : rows));
  }
  const causes = narrow || !wants('causes') ? [] : table.causes.flatMap((each) => causeView(each, has, filter.onlyMine) ?? []);
  const notices = narrow || filter.onlyMine || !wants('notices') ? [] : table.notices.filter(({ words }) => has(words)).map(({ notice }) => notice);
  const count = groups.reduce((sum, { rows }) => sum + rows.length, causes.length + notices.length);
  const isWhole = words.length === 0 && !filter.onlyMine;
  const toReview = isWhole ? table.changes.to_review : new Set(causes.filter(({ severity }) => severity === 'review').flatMap(({ models }) => models)).size;
  return { causes, toReview, groups, notices, count };
}

/** A cause with those of its models that pass; all of them where its sentence does. */
function causeView({ cause, words, models }: ChangesTable['causes'][number], has: (text: string) => boolean, onlyMine: boolean): CauseView | null {
  const told = onlyMine ? cause.models.slice(0, cause.mine) : cause.models;
  if (onlyMine && told.length === 0) return null;
  if (has(words)) return onlyMine ? { ...cause, models: told, count: told.length } : cause;
  const found = told.filter((_, index) => has(`${models[index]!}\n${words}`));
  if (found.length === 0) return null;
  return { ...cause, models: found, count: found.length, mine: found.filter((model) => cause.models.indexOf(model) < cause.mine).length };
}

/** The view as lines of one list. Long groups are cut until they are in `opened` or a filter is set; the models of
 * a cause are folded until it is. */
export function flat(view: ChangesView, filter: ChangesFilter, opened: Opened): Item[] {
  const items: Item[] = [];
  const all = isFiltering(filter);
  const add = (chip: Chip, title: string, note: string, rows: Item[], atFirst: number, what: string) => {
    if (rows.length === 0) return;
    items.push({ type: 'head', chip, title, note });
    // Never hide a single row behind a button that is as high as the row.
    const shown = all || opened.has(chip) || rows.length <= atFirst + 1 ? rows.length : atFirst;
    for (let index = 0; index < shown; index++) {
      const item = rows[index]!;
      items.push(item);
      if (item.type === 'cause' && item.isOpen) for (const line of modelsOf(item.cause)) items.push(line);
      if (item.type === 'sum' && item.isOpen) for (const row of item.rows) items.push({ type: 'field', row, kind: item.kind });
    }
    if (shown < rows.length) items.push({ type: 'more', chip, label: `Show ${grouped(rows.length - shown)} more ${what}` });
  };
  add(
    'causes',
    'From the checks',
    causesNote(view),
    view.causes.map((cause) => ({ type: 'cause', cause, key: causeKey(cause), isOpen: opened.has(causeKey(cause)) })),
    CAUSES_AT_FIRST,
    'findings',
  );
  for (const group of view.groups) {
    add(group.kind, KIND_NAMES[group.kind], groupNote(group), byModel(group, opened), AT_FIRST, 'models');
  }
  add(
    'notices',
    'Summarised',
    counted(view.notices.length, 'change across many models', 'changes across many models'),
    view.notices.map((notice) => ({ type: 'notice', notice })),
    AT_FIRST,
    'notices',
  );
  return items;
}

/** One line a model, in the order of its first field. */
function byModel({ kind, rows }: GroupView, opened: Opened): Item[] {
  const models = new Map<string, ChangeRow[]>();
  for (const row of rows) {
    const known = models.get(row.model);
    if (known) known.push(row);
    else models.set(row.model, [row]);
  }
  return [...models.values()].map((fields): Item => {
    const [first] = fields as [ChangeRow];
    if (fields.length === 1) return { type: 'row', row: first, kind };
    const key = `${kind} ${first.model}`;
    return { type: 'sum', row: telling(fields, kind), kind, rows: fields, text: fieldsText(fields, kind), key, isOpen: opened.has(key) };
  });
}

const isChanged = ({ before, after }: ChangeRow) => before !== null && after !== null;

/** The field that stands for the others: input, else output, else the first that was there before and is now; of another
 * name, what it stands for. */
function telling(rows: ChangeRow[], kind: ChangeKind): ChangeRow {
  if (kind === 'alias') return rows[0]!;
  const changed = rows.filter(isChanged);
  const named = (field: string) => changed.find((row) => row.field === field);
  return named('input_cost_per_token') ?? named('output_cost_per_token') ?? changed[0] ?? rows[0]!;
}

/** What differs in one model: "Input and 8 more; 3 prices over 200k tokens added". */
export function fieldsText(rows: ChangeRow[], kind: ChangeKind): string {
  const changed = rows.filter(isChanged);
  const first = telling(rows, kind);
  const parts: string[] = [];
  if (changed.length === 1) parts.push(first.label);
  else if (changed.length === 2) parts.push(`${first.label}, ${changed.find((row) => row !== first)!.label.toLowerCase()}`);
  else if (changed.length > 2) parts.push(`${first.label} and ${grouped(changed.length - 1)} more`);
  parts.push(...cameOrWent(rows.filter(({ before, after }) => before === null && after !== null), kind, 'added'));
  parts.push(...cameOrWent(rows.filter(({ before, after }) => before !== null && after === null), kind, 'gone'));
  return parts.join('; ');
}

/** Tiers that came or went together are one sentence. */
function cameOrWent(rows: ChangeRow[], kind: ChangeKind, verb: string): string[] {
  if (rows.length === 0) return [];
  if (rows.length === 1) return [`${rows[0]!.label} ${verb}`];
  const tiers = new Set(rows.map(({ label }) => /, over (\d\w*)/.exec(label)?.[1] ?? ''));
  const [tier] = tiers;
  const over = tiers.size === 1 && tier ? ` over ${tier} tokens` : '';
  return [`${counted(rows.length, kind === 'repriced' ? 'price' : 'field')}${over} ${verb}`];
}

/** Behind a group's name: "12 models, 15 fields: 4 rise, 11 fall". */
export function groupNote({ kind, rows, models, rises, falls }: GroupView): string {
  let note = counted(models, 'model');
  if (kind !== 'new' && kind !== 'removed' && rows.length !== models) note += `, ${counted(rows.length, 'field')}`;
  const ways = [rises && `${grouped(rises)} rise`, falls && `${grouped(falls)} fall`].filter(Boolean);
  return ways.length ? `${note}: ${ways.join(', ')}` : note;
}

/** The models of an unfolded cause, and how many more the host did not name. */
function modelsOf({ models, count, mine }: CauseView): Item[] {
  const lines: Item[] = models.map((model, index) => ({ type: 'model', model, isMine: index < mine }));
  if (count > models.length) lines.push({ type: 'unnamed', label: `and ${grouped(count - models.length)} more` });
  return lines;
}

/** What unfolds: a cause of one model leads to that model instead. */
export const canUnfold = ({ count, models }: CauseView) => count > 1 && models.length > 0;

const causeKey = ({ rule, message }: CauseView) => `${rule} ${message}`;

const holds = (causes: readonly CauseView[]) => causes.filter(({ severity }) => severity === 'hold').length;

function causesNote({ causes, toReview }: ChangesView): string {
  const held = holds(causes);
  const parts = [
    held && (held === 1 ? '1 holds the map back' : `${grouped(held)} hold the map back`),
    toReview && (toReview === 1 ? '1 entry to review' : `${grouped(toReview)} entries to review`),
  ].filter(Boolean);
  return parts.length ? parts.join(', ') : counted(causes.length, 'finding');
}

export interface ChipView {
  chip: Chip;
  count: number;
  label: string;
}

/** The chips: how many models of each kind, whatever the filter. */
export function chips(table: ChangesTable): ChipView[] {
  const labels: Record<ChangeKind, readonly [one: string, many: string]> = {
    repriced: ['repriced', 'repriced'],
    alias: ['alias', 'aliases'],
    new: ['new', 'new'],
    removed: ['removed', 'removed'],
    limits: ['limit', 'limits'],
    capabilities: ['capability', 'capabilities'],
    provider: ['provider', 'provider'],
    deprecation: ['deprecation', 'deprecations'],
    other: ['other', 'other'],
  };
  const shown: ChipView[] = table.groups.map(({ group }) => ({
    chip: group.kind,
    count: group.models,
    label: labels[group.kind][group.models === 1 ? 0 : 1] + (group.kind === 'repriced' && group.mine > 0 ? ` (${grouped(group.mine)} of yours)` : ''),
  }));
  if (table.causes.length) shown.push(causesChip(table.changes));
  if (table.notices.length) shown.push({ chip: 'notices', count: table.notices.length, label: 'summarised' });
  return shown;
}

/** What the checks want to be looked at; where that is nothing, what they only remark. */
function causesChip({ causes, to_review }: Changes): ChipView {
  const asked = holds(causes) + to_review;
  return asked > 0 ? { chip: 'causes', count: asked, label: 'to review' } : { chip: 'causes', count: causes.length, label: causes.length === 1 ? 'finding' : 'findings' };
}

function summed(kind: ChangeKind, rows: ChangeRow[]): GroupView {
  const going = (direction: string) => rows.reduce((sum, row) => sum + (row.direction === direction ? 1 : 0), 0);
  return { kind, rows, models: models(rows), rises: going('rise'), falls: going('fall') };
}

/** Rows of models that a proxy uses, then the others; each part keeps its order. */
function mineFirst(rows: ChangeRow[]): ChangeRow[] {
  return [...rows.filter((row) => row.proxies.length > 0), ...rows.filter((row) => row.proxies.length === 0)];
}

const models = (rows: ChangeRow[]) => new Set(rows.map((row) => row.model)).size;

function named(names: (string | null)[]): string[] {
  return [...new Set(names.filter((name): name is string => name !== null && name !== ''))].sort((a, b) => (a < b ? -1 : 1));
}
