import { describe, expect, it } from 'vitest';
import type { Changes, ChangeRow, ModelList } from '../host/bindings';
import { noFilter, prepare, view } from './changes-view';
import { changesFile, changesText, csv, modelsFile, modelsText } from './export';

const revision = (name: string) => ({ revision: name.repeat(40).slice(0, 40), first_seen: '2026-11-22T08:14:00Z', models: 9, verdict: 'accepted', promoted_at: null, held: 0, is_composed: false });

const row = (model: string, more: Partial<ChangeRow> = {}): ChangeRow => ({
  model, provider: 'openai', mode: 'chat', field: 'input_cost_per_token', label: 'Input', before: '15.00', after: '12.00', unit: null,
  percent: -20, ratio: 0.8, direction: 'fall', proxies: ['prod', 'box'], input: null, output: null, context: null, held: false, ...more,
});

const changes = (rows: ChangeRow[]): Changes => ({
  from: revision('a07f3d1'),
  to: revision('b41c9e2'),
  revisions: 1,
  summary: { from: '', to: '', new_models: 0, removed_models: 0, repriced_models: 1, repriced_mine: 1, aliases: 0, limits: 0, other: 0 },
  groups: [{ kind: 'repriced', models: 1, mine: 1, rises: 0, falls: 1, rows }],
  notices: [{ rule: 'n', models: 20, message: 'The field x was dropped from 20 models.' }],
  causes: [{ rule: 'r', severity: 'review', broken: false, message: 'mini went from $0.25 to $250.', models: ['mini'], count: 1, mine: 0 }],
  to_review: 1,
});

const text = (rows: ChangeRow[], format: 'markdown' | 'csv' | 'json') => changesText(changes(rows), view(prepare(changes(rows)), noFilter), format);

describe('Markdown', () => {
  it('tells everything that is shown', () => {
    expect(text([row('claude-opus-5')], 'markdown')).toBe(`# Changes a07f3d1 → b41c9e2

- From \`${revision('a07f3d1').revision}\`, first seen 2026-11-22T08:14:00Z, 9 models
- To \`${revision('b41c9e2').revision}\`, first seen 2026-11-22T08:14:00Z, 9 models
- Prices in USD per 1M tokens unless said otherwise

## From the checks

| Severity | What | Models |
| --- | --- | --- |
| review | mini went from $0.25 to $250. | \`mini\` |

## Repriced

1 model: 1 fall

| Model | Field | Old | New | Change | On my proxies |
| --- | --- | --- | --- | --- | --- |
| \`claude-opus-5\` | Input | 15.00 | 12.00 | −20.0% | prod, box |

## Summarised

- The field x was dropped from 20 models.
`);
  });

  it('lets no name become a cell, a link, HTML or a line of its own', () => {
    const shown = text([row('a|b`c\n## d', { label: '[x](https://evil.example) <img src=x>' })], 'markdown');
    expect(shown).toContain('| ``a\\|b`c ## d`` | \\[x\\]\\(https:\\/\\/evil.example\\) \\<img src=x\\> | 15.00 |');
  });
});

describe('CSV', () => {
  it('quotes as RFC 4180 says', () => {
    expect(csv([['a', 'b,c', 'd"e', 'f\ng', null, 1.5, true]])).toBe('a,"b,c","d""e","f\ng",,1.5,true\r\n');
  });

  it('keeps a spreadsheet from running a name', () => {
    for (const evil of ['=HYPERLINK("http://x")', '+1+cmd', '-2+3', '@SUM(A1)', '\t=1', ' =1', '＝1']) {
      expect(csv([[evil]])).toBe(`"'${evil.replaceAll('"', '""')}"\r\n`);
    }
  });

  it('leaves numbers numbers', () => {
    expect(csv([['-20', '0.125', -20.5]])).toBe('-20,0.125,-20.5\r\n');
  });

  it('has one line a row, each as wide as the head', () => {
    const lines = text([row('m', { proxies: [] })], 'csv').trimEnd().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines.map((line) => line.split(',').length)).toEqual([18, 18, 18, 18]);
  });
});

describe('JSON', () => {
  it('is valid and holds rows, notices and causes', () => {
    const parsed = JSON.parse(text([row('m')], 'json')) as { groups: { rows: unknown[] }[]; notices: unknown[]; causes: unknown[] };
    expect([parsed.groups[0]!.rows.length, parsed.notices.length, parsed.causes.length]).toEqual([1, 1, 1]);
  });
});

describe('models', () => {
  const list: ModelList = {
    revision: 'c83d05e'.repeat(6).slice(0, 40),
    capabilities: ['vision'],
    proxies: ['prod'],
    rows: ['a', 'b'].map((name) => ({ name, provider: null, mode: 'chat', input: '1.25', output: null, other_price: null, context: 400_000, max_output: null, can: [0], deprecation: null, on: [0], held: false, own: null, alias_of: null })),
  };

  it('holds what was found, with names for capabilities and proxies', () => {
    expect(modelsText(list, [1], 'csv').split('\r\n')[1]).toBe('b,,chat,1.25,,400000,,vision,,prod,false,');
    expect(JSON.parse(modelsText(list, [1, 0], 'json'))).toMatchObject({ models: [{ name: 'b', capabilities: ['vision'], proxies: ['prod'] }, { name: 'a' }] });
  });
});

it('names files by their revisions', () => {
  expect(changesFile(changes([]), 'markdown')).toBe('changes-a07f3d1-b41c9e2.md');
  expect(modelsFile({ revision: null, capabilities: [], proxies: [], rows: [] }, 'csv')).toBe('models-none.csv');
});
