import { describe, expect, it } from 'vitest';
import type { DraftField, OwnDraft } from '../host';
import { entryOf, fieldsOf, isPlain, jsonValue, newField, othersOf, stored, wrong } from './own-form';

const field = (name: string, part: Partial<DraftField> = {}): DraftField => ({ field: name, label: name, per: 'per 1M tokens', power: 6, stored_per: 'per token', own: null, upstream: null, suggested: null, ...part });
const draft = (part: Partial<OwnDraft> = {}): OwnDraft => ({ model: 'gpt', is_known: true, is_own: false, fields: [], relative: null, other: [], json: '{}', ...part });

describe('the form for an own entry', () => {
  it('begins with the own values, and with suggestions only where upstream has none', () => {
    const own = fieldsOf(draft({ fields: [field('input_cost_per_token', { own: '0.0000018', upstream: '0.0000025' }), field('output_cost_per_token', { upstream: '0.00001' })] }));
    expect(own.map(({ text }) => text)).toEqual(['1.80', '']);
    const fresh = fieldsOf(draft({ is_known: false, fields: [field('input_cost_per_token', { suggested: '0.0000013' })] }));
    expect(fresh[0]?.text).toBe('1.30');
    const bare = fieldsOf(draft({ relative: 'gpt-5', fields: [field('input_cost_per_token', { suggested: '0.0000013' })] }));
    expect(bare[0]?.text).toBe('1.30');
  });

  it('stores what people read per unit, and tells what it cannot read', () => {
    const typed = (text: string) => ({ ...field('input_cost_per_token'), text });
    expect(stored(typed('1.80'))).toBe('0.0000018');
    expect([wrong(typed('')), wrong(typed('1.8'))]).toEqual([null, null]);
    expect(wrong(typed('1,250'))).toContain('no commas');
    expect(wrong(typed('free'))).toContain('1.80');
    expect(wrong(typed('0.00000000000000000000001'))).toContain('digits');
  });

  it('knows the unit of a field that is added, as it is stored', () => {
    const power = (path: string) => newField(path).power;
    expect([power('cache_read_input_token_cost'), power('x_cost_per_1k_tokens'), power('input_cost_per_image_above_128k_tokens'), power('input_cost_per_character')]).toEqual([6, 3, 0, 6]);
    expect(power('search_context_cost_per_query.low')).toBe(0);
  });

  it('keeps provider and mode of an own model', () => {
    expect(othersOf(draft({ is_own: true, is_known: false, json: '{"mode": "chat", "input_cost_per_token": 1e-06}' }))).toEqual([{ field: 'mode', value: '"chat"' }]);
    const fresh = othersOf(draft({ is_known: false, model: 'openai/ours', other: [{ field: 'mode', value: '"rerank"' }] }));
    expect(fresh.map(({ value }) => value)).toEqual(['"openai"', '"rerank"']);
    expect(othersOf(draft())).toEqual([]);
  });

  it('writes every digit as it was typed', () => {
    const fields = [{ ...field('input_cost_per_token'), text: '1.80' }, { ...field('search_context_cost_per_query.low', { power: 0 }), text: '0.010' }, { ...field('output_cost_per_token'), text: '' }];
    const text = entryOf(fields, [{ field: 'mode', value: '"chat"' }]);
    expect(text).toBe('{"mode": "chat", "input_cost_per_token": 0.0000018, "search_context_cost_per_query": {"low": 0.01}}');
    expect(isPlain(text, fields)).toBe(true);
    expect(isPlain('{"alias_of": "gpt"}', fields)).toBe(false);
    expect([jsonValue('chat'), jsonValue('true'), jsonValue('1')]).toEqual(['"chat"', 'true', '1']);
  });
});
