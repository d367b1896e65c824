import type { Today, TodayChange } from '../index';
import { ago, HOSTILE, REVISIONS } from './world';

function change(given: Partial<TodayChange> & Pick<TodayChange, 'model' | 'kind' | 'says'>): TodayChange {
  return { target: null, note: null, prices: [], more: null, in_source: false, ...given };
}

const moved = change({
  model: 'claude-opus-latest', kind: 'moved', says: 'now points to', target: 'claude-opus-6', note: 'was claude-opus-5-5',
  prices: [{ label: 'In', before: '4.00', after: '5.00' }, { label: 'Out', before: '20.00', after: '25.00' }],
});

export const busy: Today = {
  from: REVISIONS.old, to: REVISIONS.source, since: ago(960), models: 12, prices: 31, mine: 4, elsewhere: 39,
  proved_on: 'prod-gateway', proved_at: ago(24),
  yours: [
    change({
      model: 'gpt-5.6-luna', kind: 'rise', says: 'is 20.0% more expensive for cached input',
      prices: [{ label: 'Cached input', before: '0.125', after: '0.15' }],
    }),
    moved,
    change({ model: 'claude-sonnet-4-5', kind: 'retires', says: 'retires in 4 days', note: 'Successor claude-sonnet-5-5: 2.00 / 10.00, 33% less' }),
    change({
      model: 'gpt-6.1-sol', kind: 'fall', says: 'is 20.0% cheaper', more: 'and 6 tiers by the same amount',
      prices: [{ label: 'In', before: '2.50', after: '2.00' }, { label: 'Out', before: '12.50', after: '10.00' }],
    }),
  ],
  yours_more: 0,
  fresh: [
    { provider: 'Anthropic', model: 'claude-opus-6', also: ['Bedrock', 'Vertex', 'Azure'], more: 0, input: '5.00', output: '25.00', context: 1_000_000 },
    { provider: 'OpenAI', model: 'gpt-6.1-luna-mini', also: [], more: 0, input: '0.05', output: '0.40', context: 400_000 },
    { provider: 'xAI', model: 'xai/grok-5-fast', also: [], more: 0, input: '0.20', output: '0.50', context: 2_000_000 },
    { provider: 'Mistral', model: 'mistral/mistral-large-4', also: [], more: 3, input: '1.00', output: '3.00', context: 256_000 },
  ],
  fresh_more: 0,
};

export const quiet: Today = {
  ...busy, since: ago(4 * 1440), models: 0, prices: 2, mine: 0, elsewhere: 3, yours: [], fresh: [],
};

export const withAlias: Today = { ...busy, models: 0, prices: 0, mine: 1, yours: [moved], fresh: [] };

export const withLongNames: Today = {
  ...busy, yours_more: 12, fresh_more: 40, proved_on: HOSTILE.markup,
  yours: [
    change({ model: HOSTILE.long, kind: 'gone', says: 'is gone from the map', note: HOSTILE.markup }),
    change({ ...moved, model: HOSTILE.bidi, target: HOSTILE.long, in_source: true }),
    change({ model: HOSTILE.markup, kind: 'repriced', says: 'has new prices', prices: [{ label: HOSTILE.markup, before: null, after: '1.00' }] }),
  ],
  fresh: [{ provider: HOSTILE.markup, model: HOSTILE.long, also: [HOSTILE.markup, 'Bedrock'], more: 1200, input: '0.0000012', output: '20000.00', context: null }],
};
