/** 4,612 entries as the real map has them: many providers, dated names, missing prices, names that mean harm. */
import type { DoctorArgs, DoctorRow, DoctorView, FieldView, FindingView, ModelDetail, ModelList, ModelRow, OwnEntryView, PricePoint, VerifyArgs, VerifyView } from '../index';
import { chance, type Chance } from './chance';
import { ownOf } from './own';
import { ago, HOSTILE, NOW, REVISIONS, wait, type Handlers } from './world';

const CAPABILITIES = ['function_calling', 'prompt_caching', 'reasoning', 'response_schema', 'vision', 'web_search', 'audio_input', 'pdf_input'];
const PROXIES = ['prod-gateway', 'build-box', 'eu-staging'];
const MODELS = 4_612;

/** The rows of the drawn screen: name, provider, mode, input, output, context, proxies, what they can. */
const DRAWN: [string, string, string, string | null, string | null, number | null, number[], string[]][] = [
  ['anthropic.claude-opus-5-20260914-v1:0', 'bedrock_converse', 'chat', '12.00', '60.00', 500_000, [0], ['vision', 'reasoning', 'prompt_caching']],
  ['azure/eu/gpt-5.6-luna-2026-11-20', 'azure', 'chat', '1.38', '11.00', 400_000, [], ['vision', 'function_calling']],
  ['azure_ai/mistral-large-4', 'azure_ai', 'chat', '2.00', '6.00', 256_000, [], ['function_calling']],
  ['bedrock/ap-northeast-1/apac.anthropic.claude-opus-5-20260914-v1:0', 'bedrock', 'chat', '13.20', '66.00', 500_000, [], ['vision', 'reasoning']],
  ['bedrock/converse/ap-southeast-2/apac.amazon.nova-premier-v2-20261118-v1:0', 'bedrock_converse', 'chat', '2.50', '12.50', 1_000_000, [], ['vision']],
  ['bedrock/eu-central-1/eu.anthropic.claude-opus-5-20260914-v1:0', 'bedrock', 'chat', '13.20', '66.00', 500_000, [0], ['vision', 'reasoning']],
  ['bedrock/us-gov-west-1/us-gov.anthropic.claude-opus-5-20260914-v1:0', 'bedrock', 'chat', '14.40', '72.00', 500_000, [], ['vision', 'reasoning']],
  ['claude-haiku-5', 'anthropic', 'chat', '1.00', '5.00', 500_000, [0, 1], ['vision', 'function_calling']],
  ['claude-opus-5', 'anthropic', 'chat', '12.00', '60.00', 500_000, [0, 1], ['vision', 'reasoning']],
  ['claude-sonnet-5', 'anthropic', 'chat', '3.00', '15.00', 1_000_000, [0, 1], ['vision', 'reasoning']],
  ['cohere/rerank-v4.5', 'cohere', 'rerank', null, null, 32_768, [], []],
  ['deepseek/deepseek-v4', 'deepseek', 'chat', '0.24', '0.90', 262_144, [], ['reasoning']],
  ['elevenlabs/scribe_v2', 'elevenlabs', 'audio_transcription', null, null, null, [], ['audio_input']],
  ['fireworks_ai/accounts/fireworks/models/qwen4-coder-480b-a35b-instruct', 'fireworks_ai', 'chat', '0.45', '1.80', 262_144, [], ['function_calling']],
  ['gemini/gemini-3.5-flash', 'gemini', 'chat', '0.30', '2.50', 1_048_576, [1], ['vision', 'audio_input']],
  ['gemini/gemini-3.5-pro', 'gemini', 'chat', '1.50', '12.00', 2_097_152, [0], ['vision', 'reasoning', 'pdf_input']],
  ['gpt-5.6-luna', 'openai', 'chat', '1.25', '10.00', 400_000, [0, 1], ['vision', 'reasoning', 'web_search']],
  ['gpt-5.6-luna-audio', 'openai', 'realtime', '4.00', '16.00', 128_000, [], ['audio_input']],
  ['gpt-5.6-luna-mini', 'openai', 'chat', '0.25', '2.00', 400_000, [0], ['vision']],
  ['groq/llama-5-scout-17b-16e-instruct', 'groq', 'chat', '0.11', '0.34', 131_072, [], ['function_calling']],
  ['mistral/mistral-large-4', 'mistral', 'chat', '2.00', '5.00', 256_000, [], ['function_calling']],
  ['openrouter/qwen/qwen4-coder-480b', 'openrouter', 'chat', '0.40', '1.60', 262_144, [], ['function_calling']],
  ['together_ai/meta-llama/Llama-5-Maverick-70B-Instruct-Turbo', 'together_ai', 'chat', '0.95', '0.95', 1_048_576, [], []],
  ['xai/grok-5', 'xai', 'chat', '3.00', '18.00', 2_000_000, [1], ['vision', 'reasoning', 'web_search']],
];

const NAUGHTY = [
  HOSTILE.markup,
  HOSTILE.long,
  HOSTILE.bidi,
  '=HYPERLINK("https://evil.example","click")',
  '{@' + 'html "<script>alert(1)</script>"}',
  'ｗｉｄｅ／模型／最新的大型語言模型測試版本二〇二六年十一月二十二日',
  `very-long/${'x'.repeat(900)}/v1:0`,
];

const PREFIXES: [string, string][] = [
  ['bedrock/us-east-1/us.', 'bedrock'],
  ['bedrock/eu-west-3/eu.', 'bedrock'],
  ['bedrock/converse/ap-south-1/apac.', 'bedrock_converse'],
  ['vertex_ai/', 'vertex_ai'],
  ['azure/', 'azure'],
  ['azure/us/', 'azure'],
  ['azure_ai/', 'azure_ai'],
  ['openrouter/', 'openrouter'],
  ['fireworks_ai/accounts/fireworks/models/', 'fireworks_ai'],
  ['together_ai/', 'together_ai'],
  ['deepinfra/', 'deepinfra'],
  ['novita/', 'novita'],
  ['databricks/', 'databricks'],
  ['groq/', 'groq'],
  ['', 'openai'],
];
const FAMILIES = ['anthropic.claude-opus', 'claude-sonnet', 'gpt-5', 'gpt-4.1-mini', 'gemini-3-flash', 'meta-llama/Llama-5-70B-Instruct', 'qwen/qwen4-coder', 'mistral-medium', 'deepseek-v4', 'nova-lite', 'command-r-plus', 'glm-5'];
const MODES: [string, number][] = [['chat', 0.8], ['embedding', 0.07], ['image_generation', 0.06], ['audio_transcription', 0.02], ['audio_speech', 0.02], ['rerank', 0.01], ['video_generation', 0.01], ['responses', 0.01]];

/** Other names, and what each stands for. */
const ALIASES = [['claude-opus-latest', 'claude-opus-5'], ['openrouter/~anthropic/claude-opus-latest', 'claude-opus-5']] as const;

let made: ModelList | null = null;

export function fakeModels(): ModelList {
  return (made ??= make());
}

export const modelsHandlers: Handlers = {
  models: (_args, world) => {
    const { scenario } = world;
    if (scenario === 'first' || scenario === 'unpromoted') return { revision: null, capabilities: [], proxies: [], rows: [] };
    const own = ownOf(world);
    const all = fakeModels();
    return own.length === 0 ? all : { ...all, rows: all.rows.map((row) => withOwn(row, own)) };
  },
  model: ({ model }, world) => {
    const found = fakeModel(model);
    if (found === null) throw { code: 'model_unknown', message: `The promoted map has no ${model}.`, detail: null, field: null };
    return { ...found, own: ownOf(world).find((one) => one.model === model) ?? null };
  },
  verify: async (args) => {
    await wait(300);
    return fakeVerify(args);
  },
  doctor: async (args) => {
    await wait(300);
    return args.model === null ? fakeWhy(args.proxy) : fakeDoctor(args);
  },
};

/** Why a proxy is not right: nothing listens at its address. */
function fakeWhy(proxy: string | null): DoctorView {
  const row = (about: string, message: string): DoctorRow => ({ about, state: 'ok', cause: null, message, evidence: null, remedy: null, action: null });
  const cause: DoctorRow = {
    about: 'reachable', state: 'fail', cause: 'proxy.refused', message: `Nothing listens at the address of ${proxy ?? 'the proxy'}: the connection is refused.`,
    evidence: 'tcp connect error: Connection refused (os error 111)', remedy: `Check that LiteLLM is running there, then \`autosync proxy test ${proxy ?? 'NAME'}\`.`, action: { kind: 'ask', label: 'Test again', proxy: proxy ?? '' },
  };
  return { model: null, proxy, cause, fine: null, rows: [row('home', 'In use by this program.'), row('source', 'It has a map of 4,611 models.'), cause] };
}

/** What is shown is what is billed: the own value, where there is one. */
function withOwn(row: ModelRow, all: readonly OwnEntryView[]): ModelRow {
  const own = all.find((one) => one.model === row.name);
  if (own === undefined) return row;
  const value = (name: string, other: string | null) => own.fields.find(({ field }) => field === name)?.value ?? other;
  return { ...row, own, input: value('input_cost_per_token', row.input), output: value('output_cost_per_token', row.output) };
}

function make(): ModelList {
  const next = chance(5);
  const rows = new Map<string, ModelRow>();
  const add = (row: ModelRow) => rows.set(row.name, row);
  for (const [name, provider, mode, input, output, context, on, can] of DRAWN) {
    add({
      name, provider, mode, input, output, context, other_price: null, max_output: context === null ? null : 64_000,
      can: can.map((each) => CAPABILITIES.indexOf(each)), deprecation: null, on, held: name === 'gpt-5.6-luna-mini', own: null, alias_of: null,
    });
  }
  for (const [name, alias_of] of ALIASES) add({ ...rows.get(alias_of)!, name, alias_of, on: [] });
  for (const name of NAUGHTY) add(plainRow(name, next));
  let mine = 47 - DRAWN.filter((drawn) => drawn[6].length > 0).length;
  while (rows.size < MODELS) {
    const [prefix, provider] = next.of(PREFIXES);
    const dated = next.below(3) === 0 ? `-2026${String(1 + next.below(12)).padStart(2, '0')}${String(1 + next.below(28)).padStart(2, '0')}` : '';
    const name = `${prefix}${next.of(FAMILIES)}-${next.below(90) / 10}${dated}${prefix.startsWith('bedrock') ? '-v1:0' : ''}`;
    if (rows.has(name)) continue;
    const on = mine > 0 && next.below(100) < 3 ? [next.below(3)] : [];
    mine -= on.length;
    add({ ...plainRow(name, next), provider, on });
  }
  const sorted = [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { revision: REVISIONS.promoted, capabilities: CAPABILITIES, proxies: PROXIES, rows: sorted };
}

function plainRow(name: string, next: Chance): ModelRow {
  const roll = next.below(1000) / 1000;
  let sum = 0;
  const mode = MODES.find(([, part]) => (sum += part) > roll)?.[0] ?? 'chat';
  const isPriced = mode === 'chat' || mode === 'embedding' || mode === 'responses';
  const input = isPriced && next.below(25) > 0 ? (1 + next.below(next.below(4) === 0 ? 2_000 : 400)) / 100 : null;
  return {
    name,
    provider: next.below(200) === 0 ? null : 'other',
    mode: next.below(300) === 0 ? null : mode,
    input: input === null ? null : input.toFixed(2),
    output: input === null || mode === 'embedding' ? null : (input * (3 + next.below(3))).toFixed(2),
    context: mode === 'image_generation' ? null : next.of([8_192, 32_768, 128_000, 131_072, 200_000, 262_144, 400_000, 1_000_000, 1_048_576]),
    other_price: mode === 'image_generation' ? '0.04 per image' : null,
    max_output: next.of([4_096, 8_192, 16_384, 64_000]),
    can: mode === 'chat' ? CAPABILITIES.map((_, index) => index).filter(() => next.below(3) === 0) : [],
    deprecation: next.below(40) === 0 ? '2026-12-31' : null,
    on: [],
    held: next.below(1500) === 0,
    own: null,
    alias_of: null,
  };
}

/** One entry in depth. */
function fakeModel(name: string): ModelDetail | null {
  const list = fakeModels();
  const row = list.rows.find((each) => each.name === name);
  if (row === undefined) return null;
  const capabilities = row.can.map((place) => list.capabilities[place]!);
  return {
    name,
    provider: row.provider,
    mode: row.mode,
    capabilities,
    deprecation: row.deprecation,
    alias_of: row.alias_of,
    proxies: row.on.map((place) => list.proxies[place]!),
    fields: fields(row, capabilities),
    history: history(row),
    findings: row.held ? [heldFinding(name)] : [],
    own: null,
  };
}

export const heldFinding = (model: string): FindingView => ({
  rule: 'price.jump',
  severity: 'review',
  model,
  field: 'input_cost_per_token',
  message: `${model}: input_cost_per_token went from $0.25 per 1M tokens to $250.00 per 1M tokens, 1,000 times as much; expected less than 10 times.`,
});

function fields(row: ModelRow, capabilities: string[]): FieldView[] {
  const plain = (path: string, value: unknown): FieldView[] => (value === null ? [] : [{ path, value: JSON.stringify(value), price: null }]);
  const price = (path: string, text: string | null, factor = 1): FieldView[] => {
    if (text === null) return [];
    const perMillion = Number(text) * factor;
    return [{ path, value: (perMillion / 1e6).toString(), price: `${perMillion.toFixed(2)} per 1M tokens` }];
  };
  return [
    ...plain('litellm_provider', row.provider),
    ...plain('mode', row.mode),
    ...plain('max_input_tokens', row.context),
    ...plain('max_output_tokens', row.max_output),
    ...price('input_cost_per_token', row.input),
    ...price('output_cost_per_token', row.output),
    ...price('cache_read_input_token_cost', row.input, 0.1),
    ...price('cache_creation_input_token_cost_above_1hr_above_200k_tokens', row.input, 1.25),
    ...price('input_cost_per_token_batches', row.input, 0.5),
    ...(row.mode === 'image_generation' ? [{ path: 'output_cost_per_image', value: '0.04', price: '0.04 per image' }] : []),
    ...capabilities.flatMap((each) => plain(`supports_${each}`, true)),
    ...plain('deprecation_date', row.deprecation),
    ...plain('source', 'https://example.com/pricing?<b>not markup</b>'),
  ];
}

function history(row: ModelRow): PricePoint[] {
  const point = (days: number, input: string | null, output: string | null, is_there = true): PricePoint => ({
    revision: `${Math.round(days * 7919).toString(16)}a07f3d1`.padEnd(40, '0').slice(0, 40), at: ago(days * 1440), input, output, is_there,
  });
  if (row.name === 'claude-opus-5') return [point(69, '15.00', '75.00'), point(0.017, '12.00', '60.00')];
  if (row.name === 'xai/grok-5') return [point(60, '3.00', '15.00'), point(40, null, null, false), point(30, '3.50', '15.00'), point(12, '3.00', '15.00'), point(0.02, '3.00', '18.00')];
  if (row.input === null) return [point(69, null, null)];
  const next = chance(row.name.length * 31 + row.name.charCodeAt(row.name.length - 1));
  if (next.below(3) > 0) return [point(69, row.input, row.output)];
  const other = (text: string | null) => (text === null ? null : (Number(text) * 1.25).toFixed(2));
  return [point(69, other(row.input), other(row.output)), point(1 + next.below(60), row.input, row.output)];
}

function fakeVerify({ model, proxy }: VerifyArgs): VerifyView {
  const row = fakeModels().rows.find((each) => each.name === model);
  const drifts = proxy === 'build-box' && row !== undefined && row.on.includes(1);
  const rows = [
    ['input_cost_per_token', 'Input', row?.input ?? null, 1],
    ['output_cost_per_token', 'Output', row?.output ?? null, 1],
    ['cache_read_input_token_cost', 'Cache read', row?.input ?? null, 0.1],
  ] as const;
  return {
    model,
    proxy: proxy ?? 'prod-gateway',
    agree: !drifts,
    rows: [
      ...rows
        .filter(([, , text]) => text !== null)
        .map(([field, label, text, factor]) => {
          const price = (Number(text) * factor).toFixed(2);
          return { field, label, unit: 'per 1M tokens', source: price, promoted: price, live: drifts ? (Number(price) * 1.25).toFixed(2) : price, verdict: drifts ? 'drift' : 'agree' };
        }),
      ...(row?.context ? [{ field: 'max_input_tokens', label: 'Context', unit: '', source: row.context.toString(), promoted: row.context.toString(), live: row.context.toString(), verdict: 'agree' }] : []),
      ...(model === 'gpt-5.6-luna' ? [{ field: 'input_cost_per_token_batches', label: 'Batch input', unit: 'per 1M tokens', source: '0.63', promoted: '0.63', live: '0.50', verdict: 'override' }] : []),
      ...(model === 'claude-haiku-5' ? [{ field: 'output_cost_per_token_batches', label: 'Batch output', unit: 'per 1M tokens', source: '2.50', promoted: '2.50', live: null, verdict: 'missing' }] : []),
    ],
    read_at: NOW,
  };
}

function fakeDoctor({ model, proxy }: DoctorArgs): DoctorView {
  const name = model ?? '';
  const row = fakeModels().rows.find((each) => each.name === name);
  const plain = { cause: null, evidence: null, remedy: null, action: null } as const;
  const rows: DoctorRow[] = [
    { ...plain, about: 'source', state: 'ok', message: 'The source has a map of 4,612 models.' },
    { ...plain, about: 'key', state: 'ok', message: 'The key is an admin key.' },
  ];
  const fine = `${name} is there at the source’s price, and can be called.`;
  if (row !== undefined && proxy !== 'build-box') return { model, proxy, cause: null, fine, rows: [...rows, { ...plain, about: 'model', state: 'ok', message: fine }] };
  const cause: DoctorRow =
    row === undefined
      ? { about: 'model', state: 'fail', cause: 'name.case', message: `The map has no model named ${name}, but it has gpt-5.6-luna, with other capitals. Names count letter by letter.`, evidence: 'near it: gpt-5.6-luna, gpt-5.6-luna-mini', remedy: 'Use gpt-5.6-luna; `autosync price gpt-5.6-luna` shows its prices.', action: { kind: 'open', label: 'Open that model', place: { screen: 'models', model: 'gpt-5.6-luna' } } }
      : { about: 'model', state: 'fail', cause: 'sync.behind', message: `${name} has another price than the source’s. It does not hold the map that it is meant to have.`, evidence: 'Input: 1.25 at the source, 1.56 in the proxy (per 1M tokens); meant to have a07f3d1, holds 5c0e91b', remedy: '`autosync sync --proxy build-box` has it load that map, and proves it or says why not.', action: { kind: 'sync', label: 'Sync build-box', proxy: 'build-box' } };
  return { model, proxy, cause, fine: null, rows: [...rows, cause] };
}
