// Changes and models as Markdown, CSV and JSON. What they hold comes from maps of others: nothing in it may become
// markup or a formula where the file is opened.

import type { ChangeRow, Changes, ModelList } from '../host/bindings';
import { groupNote, KIND_NAMES, type ChangesView } from './changes-view';

export type Format = 'markdown' | 'csv' | 'json';

export const FORMATS: readonly { format: Format; name: string; ending: string }[] = [
  { format: 'markdown', name: 'Markdown', ending: 'md' },
  { format: 'csv', name: 'CSV', ending: 'csv' },
  { format: 'json', name: 'JSON', ending: 'json' },
];

/** A name for the file: `changes-a07f3d1-b41c9e2.md`. */
export function changesFile(changes: Changes, format: Format): string {
  return `changes-${changes.from.revision.slice(0, 7)}-${changes.to.revision.slice(0, 7)}.${ending(format)}`;
}

export function modelsFile(list: ModelList, format: Format): string {
  return `models-${(list.revision ?? 'none').slice(0, 7)}.${ending(format)}`;
}

const ending = (format: Format) => FORMATS.find((known) => known.format === format)!.ending;

/** What passed the filter, as text. */
export function changesText(changes: Changes, shown: ChangesView, format: Format): string {
  if (format === 'csv') return changesCsv(shown);
  if (format === 'json') return changesJson(changes, shown);
  return changesMarkdown(changes, shown);
}

function changesMarkdown(changes: Changes, shown: ChangesView): string {
  const { from, to } = changes;
  const parts = [`# Changes ${from.revision.slice(0, 7)} → ${to.revision.slice(0, 7)}`];
  parts.push(
    [
      `- From ${code(from.revision)}, first seen ${from.first_seen}, ${from.models} models`,
      `- To ${code(to.revision)}, first seen ${to.first_seen}, ${to.models} models`,
      '- Prices in USD per 1M tokens unless said otherwise',
    ].join('\n'),
  );
  if (shown.count === 0) parts.push('No changes.');
  if (shown.causes.length > 0) {
    const rows = shown.causes.map(({ severity, message, models, count }) => [plain(severity), plain(message), namedModels(models, count)]);
    parts.push('## From the checks', grid(['Severity', 'What', 'Models'], rows));
  }
  for (const group of shown.groups) {
    parts.push(`## ${KIND_NAMES[group.kind]}`, groupNote(group));
    if (group.kind === 'new' || group.kind === 'removed') {
      const rows = group.rows.map((row) => [code(row.model), plain(row.provider), plain(row.input), plain(row.output), row.context?.toString() ?? '', plain(row.proxies.join(', '))]);
      parts.push(grid(['Model', 'Provider', 'Input', 'Output', 'Context', 'On my proxies'], rows));
    } else {
      const rows = group.rows.map((row) => [code(row.model), plain(fieldName(row)), plain(row.before ?? '—'), plain(row.after ?? '—'), change(row), plain(row.proxies.join(', '))]);
      parts.push(grid(['Model', 'Field', 'Old', 'New', 'Change', 'On my proxies'], rows));
    }
  }
  if (shown.notices.length > 0) parts.push('## Summarised', shown.notices.map(({ message }) => `- ${plain(message)}`).join('\n'));
  return parts.join('\n\n') + '\n';
}

/** The first models of a cause: one line of a table has no room for five hundred. */
function namedModels(models: string[], count: number): string {
  const first = models.slice(0, 10);
  const rest = count - first.length;
  return [...first.map(code), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

const fieldName = (row: ChangeRow) => (row.unit === null ? row.label : `${row.label} (${row.unit})`);

function change(row: ChangeRow): string {
  if (row.percent === null) return '';
  return `${row.percent > 0 ? '+' : row.percent < 0 ? '−' : ''}${Math.abs(row.percent).toFixed(1)}%`;
}

function grid(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that Markdown shows as it is: no links, no emphasis, no HTML, no cell or line of its own. */
function plain(text: string | null): string {
  return oneLine(text ?? '').replace(/[\\`*_{}[\]<>()#|~!&@]/g, (mark) => `\\${mark}`).replaceAll('://', ':\\/\\/');
}

/** Text as code. The fence is longer than any run of back-ticks inside; a bar would end the cell even in code. */
function code(text: string | null): string {
  if (text === null || text === '') return '';
  const inner = oneLine(text).replaceAll('|', '\\|');
  const fence = '`'.repeat(1 + Math.max(0, ...(inner.match(/`+/g) ?? []).map((run) => run.length)));
  const space = inner.startsWith('`') || inner.endsWith('`') ? ' ' : '';
  return fence + space + inner + space + fence;
}

// Control characters, line ends of every kind and marks that turn the direction of writing.
const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();

const CHANGE_COLUMNS = ['kind', 'model', 'provider', 'mode', 'field', 'label', 'before', 'after', 'unit', 'percent', 'ratio', 'direction', 'input', 'output', 'context', 'proxies', 'held', 'message'];

function changesCsv(shown: ChangesView): string {
  const empty = (count: number) => Array<null>(count).fill(null);
  return csv([
    CHANGE_COLUMNS,
    // A line a model, so that a spreadsheet can join them with the rows; a cause of the whole map is one line.
    ...shown.causes.flatMap(({ severity, models, message }) => (models.length > 0 ? models : [null]).map((model) => [severity, model, ...empty(15), message])),
    ...shown.groups.flatMap(({ kind, rows }) =>
      rows.map((row) => [
        kind, row.model, row.provider, row.mode, row.field, row.label, row.before, row.after, row.unit, row.percent, row.ratio,
        row.direction, row.input, row.output, row.context, row.proxies.join(', '), row.held, null,
      ]),
    ),
    ...shown.notices.map((notice) => ['notice', ...empty(16), notice.message]),
  ]);
}

function changesJson({ from, to, revisions, summary }: Changes, { groups, notices, causes }: ChangesView): string {
  return JSON.stringify({ from, to, revisions, summary, groups: groups.map(({ kind, rows }) => ({ kind, rows })), notices, causes }, null, 2) + '\n';
}

/** The models at these places of the list, in this order. */
export function modelsText(list: ModelList, places: ArrayLike<number>, format: Format): string {
  const rows = Array.from(places, (place) => {
    const { can, on, ...row } = list.rows[place]!;
    return { ...row, capabilities: can.map((each) => list.capabilities[each]!), proxies: on.map((each) => list.proxies[each]!) };
  });
  if (format === 'json') return JSON.stringify({ revision: list.revision, models: rows }, null, 2) + '\n';
  return csv([
    ['name', 'provider', 'mode', 'input_per_1m', 'output_per_1m', 'context', 'max_output', 'capabilities', 'deprecation', 'proxies', 'held', 'alias_of'],
    ...rows.map((row) => [
      row.name, row.provider, row.mode, row.input, row.output, row.context, row.max_output, row.capabilities.join(', '),
      row.deprecation, row.proxies.join(', '), row.held, row.alias_of,
    ]),
  ]);
}

type Cell = string | number | boolean | null;

/** RFC 4180: CRLF, quotes doubled. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
}

function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = isFormula(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== value || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Whether a spreadsheet may run this text: also behind blanks, and with the wide signs of East Asian keyboards. */
function isFormula(text: string): boolean {
  return /^\s*[=+\-@\t\r\n＝＋－＠]/u.test(text) && !/^[+-]?[\d,]*\.?\d+$/.test(text);
}
