import { describe, expect, it } from 'vitest';
import type { CauseView, ChangeRow, FindingView, ReviewDetail, ReviewItem } from '../host/bindings';
import { afterwards, bodyOf, causesOf, consequence, DECIDED, decided, figures, folderOf, heightOf, keyOf, labels, lineOf, list, listRows, noteOf, onlyRule, question, sentence, stepped, subject, type Cause } from './review';

function row(field: string, label: string, before: string | null, after: string | null, more: Partial<ChangeRow> = {}): ChangeRow {
  const ratio = before !== null && after !== null && Number(before) > 0 ? Number(after) / Number(before) : null;
  return {
    model: 'gpt', provider: 'openai', mode: 'chat', field, label, before, after, unit: null, percent: ratio === null ? null : (ratio - 1) * 100, ratio,
    direction: ratio === null || ratio === 1 ? 'none' : ratio > 1 ? 'rise' : 'fall', proxies: [], input: null, output: null, context: null, held: true, ...more,
  };
}

const finding = (message: string, more: Partial<FindingView> = {}): FindingView => ({ rule: 'jump.up', severity: 'review', model: 'gpt', field: 'input_cost_per_token', message, ...more });

function item(more: Partial<ReviewItem> = {}): ReviewItem {
  return { model: 'gpt', provider: 'openai', proxies: [], standing: 'open', is_new: false, is_gone: false, rows: [], findings: [finding('gpt: input_cost_per_token went up.')], ...more };
}

const input = (before: string | null, after: string | null) => item({ rows: [row('input_cost_per_token', 'Input', before, after)] });

describe('what is asked', () => {
  it('is about the price that a finding is about, not the one that moved most', () => {
    const rows = [row('cost_per_second', 'Cost per second', null, '0.0019'), row('input_cost_per_token', 'Input', '0.25', null)];
    expect(subject(item({ rows }))?.label).toBe('Input');
    expect(subject(item({ rows, findings: [] }))?.label).toBe('Cost per second');
    expect(subject(item({ rows, findings: [finding('x', { field: null })] }))).toBeNull();
  });

  it.each([
    [input('0.25', '250.00'), 'Input rises 1,000×', 'Does input really cost 250.00 per 1M tokens?'],
    [input('0.20', '0.11'), 'Input falls 45.0%', 'Does input really cost 0.11 per 1M tokens?'],
    [input('4.00', '0.00'), 'Input becomes zero', 'Is input really free?'],
    [input('4.00', null), 'Input loses its price', 'Is the price for input really gone?'],
    [input(null, '4.00'), 'Input gets a price', 'Does input really cost 4.00 per 1M tokens?'],
    [input('0.00', '4.00'), 'Input is no longer free', 'Does input really cost 4.00 per 1M tokens?'],
    [item({ is_new: true }), 'New model', 'Is this new model right?'],
    [item({ is_gone: true }), 'Removed', 'Is gpt really gone?'],
    [item({ is_gone: true, proxies: ['prod'] }), 'Removed, but prod uses it', 'Is gpt really gone?'],
    [item({ is_gone: true, proxies: ['prod', 'box'] }), 'Removed, but prod and box use it', 'Is gpt really gone?'],
    [item({ findings: [finding('gpt has no mode.')] }), 'Has no mode.', 'Is this entry right?'],
  ])('has a line and a question: %#', (given, line, asked) => {
    expect([lineOf(given), question(given)]).toEqual([line, asked]);
  });

  it('says in the question what kind of price it is, and for what', () => {
    const of = (label: string, unit: string | null) => question(item({ rows: [row('input_cost_per_token', label, '0.01', '0.04', { unit })] }));
    expect(of('Input, over 200k', null)).toBe('Does input (over 200k) really cost 0.04 per 1M tokens?');
    expect(of('Output', 'per image')).toBe('Does output really cost 0.04 per image?');
    expect(of('Cost per second', 'per second')).toBe('Does usage really cost 0.04 per second?');
  });

  it('never shows a mark that turns the writing', () => {
    expect(question(item({ model: 'a\u202eb', is_gone: true }))).toBe('Is a\ufffdb really gone?');
    expect(sentence(null, 'x\u200by')).toBe('x\ufffdy');
  });

  it('makes of a finding a sentence without the name of the model', () => {
    expect(sentence('gpt', 'gpt: the model is gone.')).toBe('The model is gone.');
    expect(sentence('gpt', 'gpt has a price.')).toBe('Has a price.');
    expect(sentence('gpt', 'gpt: input_cost_per_token went up.')).toBe('input_cost_per_token went up.');
    expect(sentence('gpt', 'gpt-5 is dear.')).toBe('gpt-5 is dear.');
  });

  it('tells the one rule, or leaves it to each finding', () => {
    expect(onlyRule([finding('a'), finding('b')])).toBe('jump.up');
    expect(onlyRule([finding('a'), finding('b', { rule: 'tier' })])).toBeNull();
    expect(onlyRule([])).toBeNull();
  });
});

describe('the answers', () => {
  it('name the result', () => {
    expect(labels(input('0.25', '250.00'))).toEqual({ approved: 'Approve 250.00', rejected: 'Reject, keep 0.25' });
    expect(labels(item({ is_gone: true })).rejected).toBe('Reject, keep it');
    expect(labels(item({ is_new: true })).rejected).toBe('Reject, leave it out');
    expect(consequence(input('0.25', '250.00'))).toContain('keeps 0.25');
    expect(decided(['gpt'], 'rejected')).toBe('Rejected gpt');
    expect(decided(['a', 'b', 'c'], 'approved')).toBe('Approved 3 entries');
    expect(decided(['gpt'], null)).toBe('Took back the decision about gpt');
  });

  it('have figures, of a model that goes once its scale is known', () => {
    expect(figures(input('0.25', '250'), undefined)).toMatchObject({ before: '0.25', after: '250.00' });
    const detail: ReviewDetail = { model: 'gpt', label: 'Input', unit: null, history: [], scale: [{ model: 'gpt', shown: '5.00', value: 5, kind: 'now' }, { model: 'b', shown: '4.00', value: 4, kind: 'peer' }] };
    expect(figures(item({ is_gone: true }), detail)).toMatchObject({ before: '5.00', after: '—', row: null });
    expect(figures(item({ is_gone: true }), undefined)).toBeNull();
    expect(figures(item(), detail)).toBeNull();
  });

  it('name few proxies and count the rest', () => {
    expect([list(['a']), list(['a', 'b']), list(['a', 'b', 'c']), list(['a', 'b', 'c', 'd'])]).toEqual(['a', 'a and b', 'a, b and c', 'a, b and 2 more']);
  });
});

const gone = (name: string, provider: string) => item({ model: name, provider, is_gone: true, findings: [finding(`${name}: the model is gone, one of 306.`, { rule: 'shrink', model: name, field: null })] });
const lost = (name: string, price: string) => item({ model: name, provider: 'bedrock', findings: [finding(`${name}: $${price} is gone.`, { rule: 'price.gone', model: name })] });

describe('the list', () => {
  const open = [lost('b1', '1'), ...Array.from({ length: 10 }, (_, index) => gone(`g${index}`, `p${index % 3}`)), lost('b2', '2'), item({ model: 'alone' })];
  const cause: CauseView = { rule: 'price.gone', severity: 'review', broken: false, message: 'bedrock: 2 models lost a price.', models: ['b2', 'b1'], count: 2, mine: 0 };

  it('is flat while it is short', () => {
    expect(causesOf(open.slice(0, 12), [])).toHaveLength(12);
  });

  it('folds entries of one cause, where the first of them was', () => {
    const grouped = causesOf(open, [cause]);
    expect(grouped.map((one) => ('items' in one ? [one.text, one.items.length] : one.model))).toEqual([
      ['bedrock: 2 models lost a price.', 2],
      ['The model is gone, one of 306.', 10],
      'alone',
    ]);
  });

  it('knows of very many also those that the program does not name', () => {
    const lots = Array.from({ length: 40 }, (_, index) => lost(`b${index}`, String(index)));
    const some = { ...cause, message: 'bedrock: 40 models lost a price.', models: ['b3', 'b4'], count: 40 };
    expect(causesOf(lots, [some]).map((one) => ('items' in one ? [one.text, one.items.length] : one.model))).toEqual([['bedrock: 40 models lost a price.', 40]]);
  });

  it('says what it knows where the program has no sentence', () => {
    expect((causesOf(open, [])[0] as Cause).text).toBe('Bedrock: $1 is gone, and 1 alike.');
  });

  it('opens causes and what is decided', () => {
    const grouped = causesOf(open, []);
    const settled = [item({ model: 'done', standing: 'rejected' })];
    expect(listRows(grouped, settled, new Set()).map(({ kind }) => kind)).toEqual(['cause', 'cause', 'item', 'decided']);
    expect(folderOf('b2', grouped, settled)).toBe((grouped[0] as Cause).key);
    expect([folderOf('done', grouped, settled), folderOf('alone', grouped, settled)]).toEqual([DECIDED, null]);
    const rows = listRows(grouped, settled, new Set([folderOf('b2', grouped, settled)!, DECIDED]));
    expect(rows.map(({ kind }) => kind)).toEqual(['cause', 'item', 'item', 'cause', 'item', 'decided', 'item']);
    expect(rows.slice(0, 3).map(heightOf)).toEqual([68, 64, 64]);
  });

  it('gives a row the room that it needs', () => {
    const fresh = item({ is_new: true, findings: [finding('gpt: it has no price.')] });
    expect(noteOf(fresh)).toBe('It has no price.');
    expect([bodyOf(fresh, false), bodyOf(fresh, true)]).toEqual(['note', 'short']);
    expect(bodyOf(input('1', '2'), true)).toBe('values');
    const used = item({ is_gone: true, proxies: ['prod-gateway'] });
    expect([bodyOf(used, false), bodyOf(item({ is_gone: true }), false)]).toEqual(['long', 'short']);
    expect([used, item({ is_gone: true })].map((one) => heightOf({ kind: 'item', key: '', item: one, isFolded: false }))).toEqual([84, 64]);
  });

  it('is walked with J, K and the arrows, and ends at its ends', () => {
    expect([stepped('j', 0, 3), stepped('ArrowDown', 2, 3), stepped('K', 1, 3), stepped('ArrowUp', 0, 3), stepped('j', -1, 3)]).toEqual([1, 2, 0, 0, 0]);
    expect([stepped('x', 0, 3), stepped('j', -1, 0)]).toEqual([null, null]);
  });

  it('goes on with the next that waits', () => {
    const rows = listRows(causesOf(open.slice(0, 3), []), [item({ model: 'done', standing: 'approved' })], new Set([DECIDED]));
    expect(afterwards(rows, 0, new Set(['b1']))).toBe(keyOf('g0'));
    expect(afterwards(rows, 2, new Set(['g1']))).toBe(keyOf('g0'));
    expect(afterwards(rows, 0, new Set(['g1']))).toBeNull();
    expect(afterwards(rows, 0, new Set(['b1', 'g0', 'g1']))).toBeNull();
    const folded = listRows(causesOf(open, []), [], new Set());
    expect(afterwards(folded, 0, new Set(['b1', 'b2']))).toBe(folded[1]!.key);
    expect(afterwards(folded, 0, new Set(['b1']))).toBeNull();
  });
});
