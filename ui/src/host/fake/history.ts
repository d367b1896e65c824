import type { ChangeRow, ErrorView, LogRow, RunDetail, RunRow } from '../index';
import { receipt, refused, run } from './proxies';
import type { Handlers, World } from './world';
import { ago, HOSTILE, REVISIONS, wait } from './world';

/** Runs and the log. Scenarios: `empty` has none, `unreadable` fails, `hostile` is full of markup. */
const ERRORS: Record<string, ErrorView> = {
  unauthorised: { code: 'unauthorised', message: 'The proxy at https://llm.corp.example rejected the key, or the key is not allowed to do this: LiteLLM requires the master key or a proxy admin’s key. Nothing was changed.', detail: 'HTTP 401: Authentication Error, Invalid proxy server token passed', field: 'key' },
  no_database: { code: 'no_database', message: 'The proxy at http://10.20.0.14:4000 has no database, and LiteLLM cannot reload or schedule the cost map without one. Its map was not changed. Restart it to load the newest map, or set DATABASE_URL for it.', detail: null, field: null },
  held: { code: 'held', message: 'The checks held this map back; the proxy was not reloaded. 1,204 of 4,611 models would disappear.', detail: null, field: null },
  unproven: { code: 'unproven', message: 'The proxy loaded an older copy of the map from its source’s cache. It keeps that one; the next try is in 5 minutes.', detail: 'live a07f3d1, wanted c83d05e', field: null },
  cancelled: { code: 'cancelled', message: 'Cancelled before the proxy was changed.', detail: null, field: null },
  internal: { code: 'internal', message: 'The comparison failed. The proxy was not changed.', detail: 'join error', field: null },
};

const NAMES = ['prod-gateway', 'build-box', 'eu-staging'];
const TOTAL = 342;

/** The same run for the same number, each time. */
function made(id: number, world: World): RunRow {
  const proxy = world.scenario === 'hostile' ? [HOSTILE.markup, HOSTILE.long, HOSTILE.bidi][id % 3]! : NAMES[(id * 7) % 3]!;
  const minutes = (410 - id) * 117 + 24;
  const given: Partial<RunRow> = { started: ago(minutes + 0.04), finished: ago(minutes), seconds: 1.6 + ((id * 37) % 29) / 10, from: REVISIONS.old, to: REVISIONS.promoted };
  const nothing = { new_models: 0, removed_models: 0, pricing_changes: 0 };
  const failed = (error: ErrorView): Partial<RunRow> => ({ ...nothing, outcome: 'failed', error, compared_models: null, to: null });
  if (id === 409) Object.assign(given, { trigger: 'manual' });
  else if (id === 408) Object.assign(given, failed(refused), { proxy: 'eu-staging', trigger: 'retry' });
  else if (id === 406) Object.assign(given, nothing, { outcome: 'unproven', reason: 'old_revision', error: ERRORS['unproven'], compared_models: null });
  else if (id === 403) Object.assign(given, nothing, { outcome: 'held', error: ERRORS['held'], compared_models: null });
  else if (id === 401) Object.assign(given, failed(ERRORS['unauthorised']!));
  else if (id === 397) Object.assign(given, nothing, { outcome: 'interrupted', error: ERRORS['cancelled'], trigger: 'manual', compared_models: null });
  else if (id === 394) Object.assign(given, failed(ERRORS['no_database']!));
  else if (id === 391) Object.assign(given, failed(ERRORS['internal']!));
  else if (id % 4 === 1) Object.assign(given, { new_models: (id * 5) % 9, pricing_changes: (id * 3) % 17, removed_models: id % 3 });
  else Object.assign(given, nothing, { outcome: 'unchanged', from: REVISIONS.promoted, trigger: id % 11 === 0 ? 'resume' : 'schedule' });
  if (world.scenario === 'hostile' && given.error) given.error = { ...given.error, message: `${HOSTILE.markup} ${given.error.message}`, detail: HOSTILE.long };
  return run({ proxy, ...given, id });
}

function all(world: World): RunRow[] {
  if (world.scenario === 'empty' || world.scenario === 'first') return [];
  const ended = Array.from({ length: TOTAL }, (_, at) => made(409 - at, world));
  const running = world.state.proxies.flatMap(({ name, running: now }) =>
    now ? [run({ id: now.id, proxy: name, trigger: now.trigger, outcome: 'running', started: now.started, finished: null, seconds: null, to: null, new_models: 0, removed_models: 0, pricing_changes: 0, compared_models: null })] : [],
  );
  return [...running, ...ended];
}

function price(model: string, label: string, before: string | null, after: string | null, percent: number | null): ChangeRow {
  const ratio = before !== null && after !== null && Number(before) > 0 ? Number(after) / Number(before) : null;
  return { model, provider: null, mode: 'chat', field: 'input_cost_per_token', label, before, after, unit: null, percent, ratio, direction: percent === null ? 'none' : percent > 0 ? 'rise' : 'fall', proxies: [], input: null, output: null, context: null, held: false };
}

function detail(row: RunRow, world: World): RunDetail {
  const isProved = row.outcome === 'succeeded' || row.outcome === 'unchanged';
  const step = (name: 'check_source' | 'read_live' | 'reload' | 'read_back' | 'receipt', seconds: number) => ({ step: name, seconds });
  const shares = isProved
    ? row.outcome === 'succeeded' ? [step('check_source', 0.4), step('read_live', 0.3), step('reload', 1.2), step('read_back', 0.9), step('receipt', 0.1)] : [step('check_source', 0.2), step('read_live', 0.6), step('read_back', 0.8), step('receipt', 0.1)]
    : [step('check_source', 0.4), step('read_live', 2), ...(row.outcome === 'unproven' ? [step('reload', 1.2), step('read_back', 0.9)] : [])];
  // As the program tells them: a run is as long as its steps, and one that stopped did so in the last of them.
  const sum = shares.reduce((all, { seconds }) => all + seconds, 0);
  const steps = shares.map((one) => ({ ...one, seconds: (one.seconds / sum) * (row.seconds ?? sum) }));
  const names = world.scenario === 'hostile' ? [HOSTILE.markup, HOSTILE.long, HOSTILE.bidi] : ['claude-opus-5', 'bedrock/eu-central-1/eu.anthropic.claude-opus-5-20260914-v1:0', 'gemini/gemini-3.5-pro', 'openrouter/qwen/qwen4-coder-480b-a35b-instruct', 'groq/llama-5-scout', 'azure/gpt-5.6-luna', 'mistral/mistral-large-4', 'cohere/rerank-v4.5'];
  const prices = [price('claude-opus-5', 'Input', '15.00', '12.00', -20), price('claude-opus-5', 'Output', '75.00', '60.00', -20), price('gpt-5.6-luna', 'Cached input, over 200k', '0.125', '0.13', 4), price(names[1]!, 'Input', '2.50', '2500.00', 99900), price('xai/grok-6', 'Output', null, '15.00', null), price('cohere/rerank-v4.5', 'Input', '10.00', null, null), price('deepseek/deepseek-v4', 'Output', '0.88', '0.90', 2.27)];
  return {
    run: row, steps, receipt: isProved ? { ...receipt, read_back_at: row.finished ?? receipt.read_back_at, loaded_at: row.outcome === 'succeeded' ? row.finished : receipt.loaded_at } : null,
    causes: row.outcome === 'held'
      ? [{ rule: 'shrink.many_gone', severity: 'hold', broken: false, message: '1,204 of 4,611 models would disappear; at most 5% may.', models: names, count: 1204, mine: 1 }, { rule: 'price.jump', severity: 'review', broken: false, message: 'gpt-5.6-luna-mini: input would rise 1,000×.', models: ['gpt-5.6-luna-mini'], count: 1, mine: 0 }]
      : row.outcome === 'succeeded' ? [{ rule: 'price.jump', severity: 'review', broken: false, message: 'gpt-5.6-luna-mini: input would rise 1,000×, so its old price stays.', models: ['gpt-5.6-luna-mini'], count: 1, mine: 0 }] : [],
    new_models: names.slice(0, row.new_models), removed_models: names.slice(3, 3 + row.removed_models), price_changes: prices.slice(0, row.pricing_changes),
    held_models: row.outcome === 'succeeded' ? ['gpt-5.6-luna-mini', 'azure/gpt-5.6-luna-mini', 'openrouter/openai/gpt-5.6-luna-mini'] : [],
    held: row.outcome === 'succeeded' ? 3 : 0,
    has_diff: row.outcome === 'succeeded' || row.outcome === 'held',
  };
}

const STATUS: Partial<Record<RunRow['outcome'], string>> = { succeeded: 'success' };

function line(row: RunRow): LogRow {
  const status = STATUS[row.outcome] ?? row.outcome;
  const timestamp = row.finished ?? row.started;
  const body = { timestamp, action: 'model_cost_map_reload', status, models_updated: row.new_models + row.pricing_changes, new_models: [], pricing_changes: row.pricing_changes, proxy: row.proxy, trigger: row.trigger, from: row.from, to: row.to, duration_ms: Math.round((row.seconds ?? 0) * 1000), ...(row.error ? { error: row.error.code } : {}) };
  return { timestamp, status, proxy: row.proxy, line: JSON.stringify(body) };
}

const unreadable: ErrorView = { code: 'ledger', message: 'The ledger cannot be read. No run was lost, and no proxy was changed. Close other programs that use it, then read it again.', detail: 'database is locked', field: null };

export const historyHandlers: Handlers = {
  history: async ({ proxy, outcome, before, limit }, world) => {
    await wait(120);
    if (world.scenario === 'unreadable') throw unreadable;
    return all(world).filter((row) => (proxy === null || row.proxy === proxy) && (outcome === null || row.outcome === outcome) && (before === null || row.id < before)).slice(0, limit);
  },
  run: ({ id }, world) => {
    const row = all(world).find((one) => one.id === id);
    if (!row) throw { code: 'not_found', message: `There is no run ${id}. It may be older than what is kept.`, detail: null, field: null } satisfies ErrorView;
    return detail(row, world);
  },
  log: ({ limit }, world) => {
    if (world.scenario === 'unreadable') throw unreadable;
    return all(world).filter(({ outcome }) => outcome !== 'running').slice(0, limit).map(line).reverse();
  },
};
