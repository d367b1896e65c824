/** What waits for a review: one, the three that are drawn, five hundred of two causes, and what the gateway does not keep back. */
import type { AppState, CauseView, ChangeRow, ReviewDetail, ReviewItem, ReviewView, ScalePoint } from '../index';
import { ago, HOSTILE, REVISIONS, wait, type Handlers, type World } from './world';

const both = ['prod-gateway', 'build-box'];

function price(model: string, field: string, label: string, before: string | null, after: string | null, more: Partial<ChangeRow> = {}): ChangeRow {
  const ratio = before !== null && after !== null && Number(before) > 0 ? Number(after) / Number(before) : null;
  return {
    model, provider: null, mode: 'chat', field, label, before, after, unit: null, percent: ratio === null ? null : (ratio - 1) * 100, ratio,
    direction: ratio === null || ratio === 1 ? 'none' : ratio > 1 ? 'rise' : 'fall', proxies: [], input: null, output: null, context: null, held: true, ...more,
  };
}

function item(model: string, provider: string, rule: string, messages: string[], more: Partial<ReviewItem> = {}): ReviewItem {
  const field = more.rows?.[0]?.field ?? null;
  return {
    model, provider, proxies: [], standing: 'open', is_new: false, is_gone: false, rows: [],
    findings: messages.map((message) => ({ rule, severity: 'review', model, field, message: `${model}${message}` })), ...more,
  };
}

const mini = 'gpt-5.6-luna-mini';
const audio = 'azure/eu/gpt-5.6-luna-audio-preview-2026-11-20';
const old = 'gpt-4o-2024-05-13';

const jump = item(mini, 'openai', 'jump.up', [
  ': input_cost_per_token went from $0.25 per 1M tokens to $250.00 per 1M tokens, 1,000 times as much; expected less than 10 times.',
  ': input would cost 125 times output, which stayed at $2.00 per 1M tokens.',
], { proxies: ['prod-gateway'], rows: [price(mini, 'input_cost_per_token', 'Input', '0.25', '250.00')] });
const free = item(audio, 'azure', 'jump.to_zero', [': input_cost_per_token went from $4.00 per 1M tokens to $0.00.'], {
  rows: [price(audio, 'input_cost_per_token', 'Input', '4.00', '0.00'), price(audio, 'input_cost_per_audio_token', 'Audio input', '40.00', '32.00')],
});
const gone = item(old, 'openai', 'shrink.in_use', [': the model is gone while a proxy of yours uses it.'], { is_gone: true, proxies: ['prod-gateway'] });
const fresh = item('openinfer/@oi/Qwen3.5-9B', 'openinfer', 'price.new_at_zero', [': this new model has no price, while 58 of the 58 other chat models from openinfer are paid; its calls would be billed as free.'], { is_new: true });
const odd = item(HOSTILE.markup, 'databricks', 'sibling.price_missing', [' has no price for cached input; databricks/claude-opus-5, the same model at the same prices, does.'], {
  rows: [price(HOSTILE.markup, 'input_cost_per_token_batches', 'Input, batch', null, '1.375')],
});
const rejected = item('grok-5-fast', 'xai', 'jump.up', [': output_cost_per_token went from $0.90 per 1M tokens to $90.00 per 1M tokens, 100 times as much; expected less than 10 times.'], {
  standing: 'rejected', rows: [price('grok-5-fast', 'output_cost_per_token', 'Output', '0.90', '90.00')],
});

/** A provider that is gone, one that lost a price of each model, and three of neither kind. */
function many(): ReviewItem[] {
  const vanished = Array.from({ length: 420 }, (_, index) => {
    const model = `openrouter/${['anthropic/claude', 'google/gemini', 'qwen/qwen4-coder', 'mistralai/mixtral'][index % 4]}-${(index / 10).toFixed(1)}-instruct${index % 3 === 0 ? '-20261118-preview' : ''}`;
    return item(model, 'openrouter', 'provider.vanished', [': the model is gone; provider openrouter went from 420 to 0 models at once.'], { is_gone: true, proxies: index < 2 ? both : [] });
  });
  const unpriced = Array.from({ length: 77 }, (_, index) => {
    const model = `bedrock/${['us-east-1', 'eu-west-3', 'ap-south-1'][index % 3]}/anthropic.claude-opus-${index}-v1:0`;
    const before = (0.2 + index / 100).toFixed(3);
    return item(model, 'bedrock', 'price.gone', [`: cache_read_input_token_cost, $${before} per 1M tokens before, is gone with nothing in its place; that usage would be billed at $0.`], {
      rows: [price(model, 'cache_read_input_token_cost', 'Cached input', before, null), price(model, 'output_cost_per_token', 'Output', '15.00', '12.00')],
    });
  });
  return [jump, ...vanished, ...unpriced, fresh, odd];
}

const causes: CauseView[] = [
  { rule: 'provider.vanished', severity: 'review', broken: false, message: 'openrouter: all 420 models are gone.', models: many().filter(({ provider }) => provider === 'openrouter').map(({ model }) => model), count: 420, mine: 2 },
];

const made = new Map<string, ReviewView>();

function viewOf({ scenario }: World): ReviewView {
  const known = made.get(scenario);
  if (known) return known;
  const items = scenario === 'review-many' ? many() : scenario === 'review-one' ? [jump] : scenario === 'review-empty' || scenario === 'one' ? [] : scenario === 'hostile' ? [odd, fresh, jump] : [jump, free, gone, rejected];
  const view: ReviewView = { revision: REVISIONS.source, gateway: scenario !== 'review-direct', direct: scenario === 'review-direct' ? both : scenario === 'review-many' ? ['eu-staging'] : [], items };
  made.set(scenario, view);
  return view;
}

function scaleOf({ model, is_new, is_gone, rows }: ReviewItem): ScalePoint[] {
  const point = (name: string, value: number, kind: ScalePoint['kind']): ScalePoint => ({ model: name, value, shown: value.toFixed(2), kind });
  const peers = ['gpt-5.6-luna', 'gpt-5.4-mini', 'claude-haiku-5', 'openrouter/google/gemini-3.5-flash-preview-20261120'].map((name, index) => point(name, [1.25, 0.25, 1, 0.3][index]!, 'peer'));
  const [now, proposed] = is_new ? [0, 0.3] : is_gone ? [5, 0] : [Number(rows[0]?.before ?? 0), Number(rows[0]?.after ?? 0)];
  return [...(now > 0 ? [point(model, now, 'now')] : []), ...peers, ...(proposed > 0 ? [point(model, proposed, 'proposed')] : [])];
}

function detailOf(found: ReviewItem): ReviewDetail {
  const row = found.rows[0];
  const isOutput = row?.field.startsWith('output') ?? false;
  const point = (days: number, revision: string, text: string | null, is_there = true) => ({ revision, at: ago(days * 1440), input: isOutput ? '0.30' : text, output: isOutput ? text : '2.00', is_there });
  return {
    model: found.model, label: row?.label ?? 'Input', unit: null, scale: scaleOf(found),
    history: found.is_new ? [point(0.017, REVISIONS.source, null)] : [point(44, REVISIONS.old, row?.before ?? '5.00'), point(0.017, REVISIONS.source, row?.after ?? null, !found.is_gone)],
  };
}

export const reviewHandlers: Handlers = {
  review: (_args, world) => viewOf(world),
  review_model: async ({ model }, world) => {
    await wait(60);
    const found = viewOf(world).items.find((each) => each.model === model);
    if (found === undefined) throw { code: 'not_found', message: `${model} is not waiting for a review.`, detail: null, field: null };
    return detailOf(found);
  },
  decide: async ({ models, ruling }, world) => {
    await wait(1_200);
    if (world.scenario === 'review-refused') throw { code: 'ledger', message: 'The ledger cannot be written. The decision was not saved, and no proxy was changed. Close other programs that use it, then decide again.', detail: 'database is locked', field: null };
    const named = new Set(models);
    const standing = ruling ?? 'open';
    const view = viewOf(world);
    const items = view.items.map((each): ReviewItem => (named.has(each.model) ? { ...each, standing } : each));
    items.sort((a, b) => Number(a.standing !== 'open') - Number(b.standing !== 'open'));
    made.set(world.scenario, { ...view, items });
    const held = items.filter((each) => each.standing === 'open').length;
    if (world.state.promoted) world.change({ promoted: { ...world.state.promoted, held } });
    return made.get(world.scenario)!;
  },
};

const waiting = (held: number) => (state: AppState): AppState => ({ ...state, promoted: { ...state.promoted!, held, causes: held > 3 ? causes : held > 0 ? state.promoted!.causes : [] } });

/** Scenarios by what they change. */
export const reviewScenarios: Record<string, (state: AppState) => AppState> = {
  review: waiting(3),
  'review-one': waiting(1),
  'review-many': waiting(500),
  'review-direct': waiting(3),
  /** A decision cannot be kept. */
  'review-refused': waiting(3),
  'review-empty': waiting(0),
};
