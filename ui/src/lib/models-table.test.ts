import { describe, expect, it } from 'vitest';
import type { ModelList, ModelRow } from '../host/bindings';
import { noFilter, prepare, priceValue, select, turned, type ModelFilter, type Sort } from './models-table';

const row = (name: string, more: Partial<ModelRow> = {}): ModelRow => ({
  name,
  provider: 'openai',
  mode: 'chat',
  input: null,
  output: null,
  other_price: null,
  context: null,
  max_output: null,
  can: [],
  deprecation: null,
  on: [],
  held: false,
  own: null,
  alias_of: null,
  ...more,
});

const list: ModelList = {
  revision: 'c83d05e',
  capabilities: Array.from({ length: 40 }, (_, index) => `can_${index}`),
  proxies: ['prod', 'box'],
  rows: [
    row('gpt-5.6-luna', { input: '1.25', context: 400_000, on: [0, 1], can: [0, 35] }),
    row('Azure/gpt-5.6-luna', { provider: 'azure', input: '10.00', can: [0] }),
    row('cohere/rerank-v4.5', { provider: 'cohere', mode: 'rerank' }),
    row('big', { provider: null, mode: null, input: '1,250.00', on: [1] }),
  ],
};

const table = prepare(list);
const byName: Sort = { key: 'name', descending: false };
const names = (filter: Partial<ModelFilter>, sort = byName) =>
  [...select(table, { ...noFilter, ...filter }, sort)].map((place) => list.rows[place]!.name);

describe('search and filters', () => {
  it('finds every word, in any order and case, in name or provider', () => {
    expect(names({ text: 'LUNA azure' })).toEqual(['Azure/gpt-5.6-luna']);
    expect(names({ text: '  luna ' })).toEqual(['Azure/gpt-5.6-luna', 'gpt-5.6-luna']);
    expect(names({ text: 'openai' })).toEqual(['gpt-5.6-luna']);
    expect(names({ text: 'luna zzz' })).toEqual([]);
  });

  it('finds another name by the model that it stands for', () => {
    const latest = prepare({ ...list, rows: [...list.rows, row('luna-latest', { alias_of: 'gpt-5.6-moon' })] });
    expect([...select(latest, { ...noFilter, text: 'moon' }, byName)]).toEqual([4]);
  });

  it('takes text as text, never as a pattern', () => {
    expect(names({ text: '.*' })).toEqual([]);
  });

  it('filters by provider, mode, proxies and all of several capabilities', () => {
    expect(names({ provider: 'azure' })).toEqual(['Azure/gpt-5.6-luna']);
    expect(names({ mode: 'rerank' })).toEqual(['cohere/rerank-v4.5']);
    expect(names({ onMine: true })).toEqual(['big', 'gpt-5.6-luna']);
    expect(names({ can: [0] })).toEqual(['Azure/gpt-5.6-luna', 'gpt-5.6-luna']);
    expect(names({ can: [0, 35] })).toEqual(['gpt-5.6-luna']);
  });

  it('finds nothing under a provider that is gone, rather than everything', () => {
    expect(names({ provider: 'gone' })).toEqual([]);
  });

  it('offers each provider and mode once and counts my models', () => {
    expect(table.providers).toEqual(['azure', 'cohere', 'openai']);
    expect(table.modes).toEqual(['chat', 'rerank']);
    expect(table.mine).toBe(2);
  });
});

describe('order', () => {
  it('puts upper and lower case together', () => {
    expect(names({})).toEqual(['Azure/gpt-5.6-luna', 'big', 'cohere/rerank-v4.5', 'gpt-5.6-luna']);
  });

  it('orders prices by value and leaves unpriced models at the end both ways', () => {
    expect(names({}, { key: 'input', descending: false })).toEqual(['gpt-5.6-luna', 'Azure/gpt-5.6-luna', 'big', 'cohere/rerank-v4.5']);
    expect(names({}, { key: 'input', descending: true })).toEqual(['big', 'Azure/gpt-5.6-luna', 'gpt-5.6-luna', 'cohere/rerank-v4.5']);
  });

  it('turns a column round, and starts sizes with the largest', () => {
    expect(turned(byName, 'name')).toEqual({ key: 'name', descending: true });
    expect(turned(byName, 'input')).toEqual({ key: 'input', descending: false });
    expect(turned(byName, 'context')).toEqual({ key: 'context', descending: true });
  });
});

describe('priceValue', () => {
  it('reads what people read', () => {
    expect([priceValue('1,250.00'), priceValue('0.125'), priceValue('0.00')]).toEqual([1250, 0.125, 0]);
    expect([priceValue(null), priceValue(''), priceValue('free')]).toEqual([NaN, NaN, NaN]);
  });
});
