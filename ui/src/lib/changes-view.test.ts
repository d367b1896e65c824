import { describe, expect, it } from 'vitest';
import type { CauseView, ChangeGroup, ChangeKind, ChangeRow, Changes } from '../host/bindings';
import { chips, fieldsText, flat, groupNote, noFilter, prepare, view, type ChangesFilter, type Chip } from './changes-view';

const row = (model: string, more: Partial<ChangeRow> = {}): ChangeRow => ({
  model,
  provider: 'openai',
  mode: 'chat',
  field: 'input_cost_per_token',
  label: 'Input',
  before: '2.50',
  after: '3.00',
  unit: null,
  percent: 20,
  ratio: 1.2,
  direction: 'rise',
  proxies: [],
  input: null,
  output: null,
  context: null,
  held: false,
  ...more,
});

const group = (kind: ChangeKind, rows: ChangeRow[]): ChangeGroup => ({
  kind,
  models: new Set(rows.map(({ model }) => model)).size,
  mine: rows.filter(({ proxies }) => proxies.length).length,
  rises: 0,
  falls: 0,
  rows,
});

const revision = { revision: 'a'.repeat(40), first_seen: '2026-11-22T08:14:00Z', models: 9, verdict: 'accepted', promoted_at: null, held: 0, is_composed: false };

const changes = (groups: ChangeGroup[], more: Partial<Changes> = {}): Changes => ({
  from: revision,
  to: revision,
  revisions: 1,
  summary: { from: 'a', to: 'b', new_models: 0, removed_models: 0, repriced_models: 0, repriced_mine: 0, aliases: 0, limits: 0, other: 0 },
  groups,
  notices: [],
  causes: [],
  to_review: 0,
  ...more,
});

const cause = (message: string, models: string[], more: Partial<CauseView> = {}): CauseView => ({ rule: 'r', severity: 'review', broken: false, message, models, count: models.length, mine: 0, ...more });

const sample = changes(
  [
    group('limits', [row('gemini', { label: 'Max output', direction: 'none', provider: 'gemini' })]),
    group('repriced', [
      row('grok', { provider: 'xai' }),
      row('opus', { proxies: ['prod'], direction: 'fall' }),
      row('opus', { proxies: ['prod'], direction: 'fall', label: 'Output', field: 'output_cost_per_token' }),
      row('image', { mode: 'image_generation' }),
    ]),
  ],
  {
    causes: [cause('mini costs 1,000 times as much.', ['mini']), cause('openrouter: all 3 models are gone.', ['openrouter/mine', 'openrouter/a', 'openrouter/b'], { mine: 1 })],
    to_review: 500,
    notices: [{ rule: 'n', models: 4000, message: 'The field x was dropped from 4000 models.' }],
  },
);

const table = prepare(sample);
const shown = (filter: Partial<ChangesFilter>) => view(table, { ...noFilter, ...filter }).groups.map(({ kind, rows }) => [kind, ...rows.map(({ model }) => model)]);

describe('view', () => {
  it('shows money first and my models before others', () => {
    expect(shown({})).toEqual([['repriced', 'opus', 'opus', 'grok', 'image'], ['limits', 'gemini']]);
    expect(shown({ mineFirst: false })[0]).toEqual(['repriced', 'grok', 'opus', 'opus', 'image']);
  });

  it('filters by model, field, provider, mode, kind and my proxies', () => {
    expect(shown({ text: 'OUTPUT opus' })).toEqual([['repriced', 'opus']]);
    expect(shown({ text: 'max output' })).toEqual([['limits', 'gemini']]);
    expect(shown({ provider: 'xai' })).toEqual([['repriced', 'grok']]);
    expect(shown({ mode: 'image_generation' })).toEqual([['repriced', 'image']]);
    expect(shown({ chips: new Set<Chip>(['limits']) })).toEqual([['limits', 'gemini']]);
    expect(shown({ onlyMine: true })).toEqual([['repriced', 'opus', 'opus']]);
    expect(shown({ text: 'nothing like it' })).toEqual([]);
  });

  it('counts what is left, so that a heading never tells of hidden rows', () => {
    const [group] = view(table, { ...noFilter, onlyMine: true }).groups;
    expect(groupNote(group!)).toBe('1 model, 2 fields: 2 fall');
  });

  it('tells causes and notices too, unless a filter asks for what they do not have', () => {
    const all = view(table, noFilter);
    expect([all.causes.length, all.notices.length, all.count]).toEqual([2, 1, 8]);
    expect(view(table, { ...noFilter, text: 'mini' }).causes).toHaveLength(1);
    expect(view(table, { ...noFilter, provider: 'xai' }).causes).toHaveLength(0);
    expect(view(table, { ...noFilter, chips: new Set<Chip>(['causes']) })).toMatchObject({ groups: [], count: 2 });
  });
});

describe('a cause', () => {
  const models = (filter: Partial<ChangesFilter>) => view(table, { ...noFilter, ...filter }).causes.map(({ models, count, mine }) => [...models, count, mine]);

  it('keeps all its models where its sentence is what is looked for, else those that are', () => {
    expect(models({ text: 'OPENROUTER gone' })).toEqual([['openrouter/mine', 'openrouter/a', 'openrouter/b', 3, 1]]);
    expect(models({ text: 'openrouter/b' })).toEqual([['openrouter/b', 1, 0]]);
  });

  it('is left with my models where only these are asked for', () => {
    expect(models({ onlyMine: true })).toEqual([['openrouter/mine', 1, 1]]);
  });

  it('is one line until it is unfolded, and says what the host did not name', () => {
    const many = prepare(changes([], { causes: [cause('openrouter: all 496 models are gone.', ['a', 'b'], { count: 496, mine: 1 })] }));
    const lines = (opened: string[]) => flat(view(many, noFilter), noFilter, new Set(opened));
    const [, line] = lines([]);
    expect(lines([])).toHaveLength(2);
    const key = line!.type === 'cause' ? line!.key : '';
    expect(lines([key]).slice(2)).toEqual([{ type: 'model', model: 'a', isMine: true }, { type: 'model', model: 'b', isMine: false }, { type: 'unnamed', label: 'and 494 more' }]);
  });
});

describe('flat', () => {
  const long = prepare(changes([group('repriced', Array.from({ length: 15 }, (_, index) => row(`m${index}`)))]));
  const labels = (filter: ChangesFilter, opened: Chip[] = []) => flat(view(long, filter), filter, new Set(opened)).map((item) => (item.type === 'more' ? item.label : item.type));

  it('cuts a long group and says how much is hidden', () => {
    expect(labels(noFilter)).toEqual(['head', ...Array<string>(10).fill('row'), 'Show 5 more models']);
  });

  it('shows all of it once opened, and whatever a filter finds', () => {
    expect(labels(noFilter, ['repriced'])).toHaveLength(16);
    expect(labels({ ...noFilter, text: 'm1' })).toEqual(['head', ...Array<string>(6).fill('row')]);
  });

  it('never hides a single row', () => {
    const eleven = prepare(changes([group('new', Array.from({ length: 11 }, (_, index) => row(`m${index}`)))]));
    expect(flat(view(eleven, noFilter), noFilter, new Set())).toHaveLength(12);
  });
});

describe('a model with several fields', () => {
  const field = (label: string, more: Partial<ChangeRow> = {}) => row('opus', { label, field: label, ...more });
  const fields = [field('Cached input'), row('opus'), field('Output'), field('Input, over 200k', { before: null })];
  const two = prepare(changes([group('repriced', [...fields.slice(0, 2), row('grok'), ...fields.slice(2)])]));
  const lines = (opened: string[]) => flat(view(two, noFilter), noFilter, new Set(opened));

  it('is one row that shows its input, and unfolds to its fields', () => {
    const [, sum, other] = lines([]);
    expect(lines([]).map(({ type }) => type)).toEqual(['head', 'sum', 'row']);
    expect(sum).toMatchObject({ row: { model: 'opus', label: 'Input' }, text: 'Input and 2 more; Input, over 200k added', isOpen: false });
    expect(other).toMatchObject({ row: { model: 'grok' } });
    const open = lines([sum?.type === 'sum' ? sum.key : '']);
    expect(open.map(({ type }) => type)).toEqual(['head', 'sum', 'field', 'field', 'field', 'field', 'row']);
  });

  it('says tiers that came or went in one sentence', () => {
    const tiers = (change: Partial<ChangeRow>) => ['Input', 'Output', 'Cached input'].map((label) => field(`${label}, over 200k`, change));
    expect(fieldsText(tiers({ before: null }), 'repriced')).toBe('3 prices over 200k tokens added');
    expect(fieldsText(tiers({ after: null }), 'repriced')).toBe('3 prices over 200k tokens gone');
    expect(fieldsText([...tiers({ before: null }), field('Image', { before: null })], 'repriced')).toBe('4 prices added');
    expect(fieldsText([field('Max input'), field('Max output')], 'limits')).toBe('Max input, max output');
  });

  it('shows of another name what it stands for', () => {
    const alias = prepare(changes([group('alias', [field('Stands for', { before: 'opus-5', after: 'opus-6' }), row('opus')])]));
    expect(flat(view(alias, noFilter), noFilter, new Set())[1]).toMatchObject({ type: 'sum', row: { after: 'opus-6' }, text: 'Stands for, input' });
  });
});

describe('chips', () => {
  it('speak of one and of many', () => {
    const names = (models: string[]) => chips(prepare(changes([group('limits', models.map((name) => row(name))), group('deprecation', models.map((name) => row(name)))]))).map(({ label }) => label);
    expect(names(['a'])).toEqual(['limit', 'deprecation']);
    expect(names(['a', 'b'])).toEqual(['limits', 'deprecations']);
  });

  it('count models of each kind and say which are mine', () => {
    expect(chips(table).map(({ count, label }) => `${count} ${label}`)).toEqual([
      '3 repriced (2 of yours)',
      '1 limit',
      '500 to review',
      '1 summarised',
    ]);
  });
});
