/** Pins, own prices and what is published. */
import type { AppState, ChangeRow, OverlayView, OwnEntryView, PinPreview, PinView, PromotionRow, StageView } from '../index';
import { down, healthy } from './proxies';
import { ago, HOSTILE, REVISIONS, wait, type Handlers, type World } from './world';

const revision = (at: number) => (at === 0 ? REVISIONS.promoted : at === 1 ? REVISIONS.old : (0x3f2a9c1e5b84 + at * 7919).toString(16).padStart(40, '5d'));

function rows(world: World): PromotionRow[] {
  const many = world.scenario === 'rollback-many' ? 500 : 8;
  return Array.from({ length: many }, (_, at) => ({
    revision: revision(at), upstream: revision(at), promoted_at: ago(24 + at * 2_900), models: 4_612 - at * 7, is_now: at === 0, is_bad: at === 3, has_own: at === 2, held: at === 0 ? 3 : 0,
  }));
}

const price = (model: string, label: string, before: string, after: string, proxies: string[] = []): ChangeRow => ({
  model, provider: 'openai', mode: 'chat', field: 'input_cost_per_token', label, before, after, unit: null, percent: 0, ratio: 1, direction: 'fall', proxies, input: null, output: null, context: null, held: false,
});

function preview(world: World, wanted: string | null): PinPreview {
  const all = rows(world);
  const to = all.find((row) => row.revision === wanted) ?? all[1]!;
  const isSame = to.is_now;
  return {
    from: all[0]!, to, bad: isSame ? null : all[0]!.upstream,
    come_back: isSame ? [] : ['gpt-4o-2024-05-13'], come_back_count: isSame ? 0 : 1,
    go: isSame ? [] : ['gpt-6-cyber', 'azure/eu/gpt-6-cyber', HOSTILE.long, 'claude-opus-latest'], go_count: isSame ? 0 : 41,
    rows: isSame ? [] : [price('gpt-5.6-luna-mini', 'Input', '250.00', '0.25', ['prod-gateway']), price('claude-opus-5', 'Output', '60.00', '75.00', ['prod-gateway']), price('deepseek/deepseek-v4', 'Input', '0.24', '0.27'), price(HOSTILE.long, 'Cached input', '0.30', '0.25')],
    row_count: isSame ? 0 : 126, other_count: isSame ? 0 : 37,
    proxies: ['prod-gateway', 'build-box'], direct: world.scenario === 'rollback' ? ['eu-staging'] : [],
  };
}

const field = (path: string, label: string, value: string, upstream: string | null) => ({ field: path, label, unit: 'per 1M tokens', value, upstream });
const entries: OwnEntryView[] = [
  { model: 'gpt-5.6-luna', upstream: 'differs', moved: true, problem: null, json: '{"input_cost_per_token": 0.00000105, "output_cost_per_token": 0.0000085}', proxies: ['prod-gateway'], fields: [field('input_cost_per_token', 'Input', '1.05', '1.25'), field('output_cost_per_token', 'Output', '8.50', '10.00')] },
  { model: 'claude-haiku-5', upstream: 'same', moved: true, problem: null, json: '{"input_cost_per_token": 0.000001}', proxies: [], fields: [field('input_cost_per_token', 'Input', '1.00', '1.00')] },
  { model: 'groq/llama-5-scout-17b-16e-instruct', upstream: 'differs', moved: false, problem: 'Upstream has no model groq/llama-5, and your entry isn’t a whole one: it needs litellm_provider, mode and prices.', json: '{"input_cost_per_token": 1e-7}', proxies: [], fields: [field('input_cost_per_token', 'Input', '0.10', '0.11')] },
];

const kept = new Map<World, OwnEntryView[]>();
export const ownOf = (world: World): OwnEntryView[] => kept.get(world) ?? (world.scenario === 'own' ? entries : []);

function view(world: World): OverlayView {
  return { entries: ownOf(world), error: null, path: '/home/mira/.local/share/litellm-auto-sync/overlay.json', counts: world.scenario !== 'own-direct', direct: [] };
}

function refuse(world: World): void {
  if (world.scenario !== 'own-direct') return;
  throw { code: 'needs_gateway', message: 'Your proxies read the source directly, so this can’t change what they bill. Nothing was changed. `autosync gateway on` puts the gateway in between (Settings, Gateway).', detail: null, field: null };
}

function put(world: World, all: OwnEntryView[]): OverlayView {
  kept.set(world, all);
  world.change({ own: { entries: all.length, moved: all.filter(({ moved }) => moved).map(({ model }) => model), same: [], problem: null } });
  return view(world);
}

export const ownHandlers: Handlers = {
  promotions: (_args, world) => rows(world),
  pin_preview: async ({ revision }, world) => {
    await wait(80);
    return preview(world, revision);
  },
  pin: async ({ revision: wanted, proxy, rollback }, world) => {
    await wait(700);
    refuse(world);
    const row = rows(world).find((one) => one.revision === wanted) ?? rows(world)[1]!;
    world.change({ pins: [{ proxy, revision: row.revision, upstream: row.upstream, seen_at: row.promoted_at, since: world.state.now, resumes: rollback, is_behind: true }] });
    return null;
  },
  unpin: (_args, world) => {
    world.change({ pins: [], attention: [] });
    return null;
  },
  promote: async ({ to }, world) => {
    await wait(500);
    refuse(world);
    world.change({ stages: world.state.stages.map((stage) => ({ ...stage, progress: 'done', text: '', revision: stage.stage === to ? REVISIONS.source : stage.revision })) });
    return null;
  },
  publish: async (_args, world) => {
    await wait(500);
    if (world.state.publish) world.change({ publish: { ...world.state.publish, revision: world.state.promoted?.revision ?? null, published_at: world.state.now, is_current: true, error: null } });
    return null;
  },
  overlay: (_args, world) => view(world),
  own_draft: async ({ model }, world) => {
    await wait(60);
    const own = ownOf(world).find((one) => one.model === model);
    const isKnown = !model.includes('corp/') && !model.includes('our');
    const draft = (path: string, label: string, mine: string | null, upstream: string | null, suggested: string | null) => ({ field: path, label, per: 'per 1M tokens', power: 6, stored_per: 'per token', own: mine, upstream: isKnown ? upstream : null, suggested: isKnown ? null : suggested });
    return {
      model, is_known: isKnown, is_own: own !== undefined, relative: isKnown ? null : 'azure/gpt-5.6-luna', other: isKnown ? [] : [{ field: 'litellm_provider', value: '"azure"' }, { field: 'mode', value: '"chat"' }], json: own?.json ?? '{}',
      fields: [draft('input_cost_per_token', 'Input', own ? '0.00000105' : null, '0.00000125', '0.00000138'), draft('output_cost_per_token', 'Output', own && own.fields.length > 1 ? '0.0000085' : null, '0.00001', '0.000011'), draft('cache_read_input_token_cost', 'Cached input', null, '0.000000125', '0.000000138')],
    };
  },
  check_own: async ({ fields }) => {
    await wait(40);
    try {
      JSON.parse(fields);
    } catch {
      return { problem: 'The entry isn’t valid JSON. Nothing was changed.', warnings: [] };
    }
    return { problem: null, warnings: /0\.000[1-9]/.test(fields) ? ['gpt-5.6-luna: input went from $1.25 per 1M tokens to $250.00 per 1M tokens, 200 times as much; expected less than 10 times.'] : [] };
  },
  set_own: async ({ model, fields }, world) => {
    await wait(500);
    refuse(world);
    const entry: OwnEntryView = { model, upstream: 'differs', moved: false, problem: null, json: fields, proxies: [], fields: [field('input_cost_per_token', 'Input', '1.05', '1.25')] };
    return put(world, [...ownOf(world).filter((one) => one.model !== model), entry]);
  },
  remove_own: ({ model }, world) => put(world, ownOf(world).filter((one) => one.model !== model)),
  keep_own: ({ model }, world) => put(world, ownOf(world).map((one) => (one.model === model ? { ...one, moved: false } : one))),
};

const pin: PinView = { proxy: null, revision: REVISIONS.old, upstream: REVISIONS.old, seen_at: ago(2_900), since: ago(1_500), resumes: true, is_behind: true };

const stage = (name: string, proxies: number, revision: string, more: Partial<StageView> = {}): StageView => ({ stage: name, proxies, revision, progress: 'done', until: null, proxy: null, text: '', ...more });
const fleet = [{ ...healthy, name: 'laptop', role: 'development' }, { ...healthy, name: 'eu-staging', role: 'staging' }, healthy];

/** Scenarios by what they change. */
export const ownScenarios: Record<string, (state: AppState) => AppState> = {
  rollback: (state) => ({ ...state, proxies: [healthy, { ...healthy, name: 'build-box', role: 'development' }, { ...healthy, name: 'eu-staging', role: 'staging', reads: 'direct' }] }),
  'rollback-many': (state) => state,
  pinned: (state) => ({
    ...state, pins: [pin], promoted: { ...state.promoted!, revision: REVISIONS.old, upstream: REVISIONS.old, billed: REVISIONS.old, held: 0, held_models: [], causes: [] },
    attention: [{ id: 'pin', tone: 'info', title: 'Proxies are pinned since yesterday.', subject: REVISIONS.old.slice(0, 7), in_card: false, text: 'The source has another map. They follow the source again by themselves when it has another good map.', action: { kind: 'unpin', label: 'Unpin', proxy: null } }],
  }),
  own: (state) => ({
    ...state, own: { entries: 3, moved: ['gpt-5.6-luna'], same: ['claude-haiku-5'], problem: null },
    attention: [{ id: 'own', tone: 'info', title: 'Upstream changed gpt-5.6-luna, which you price yourself.', subject: null, in_card: false, text: 'Your prices still count.', action: { kind: 'open', label: 'Compare', place: { screen: 'models', model: 'gpt-5.6-luna' } } }],
  }),
  'own-direct': (state) => state,
  stages: (state) => ({ ...state, proxies: fleet, stages: [stage('testing', 1, REVISIONS.source), stage('staging', 1, REVISIONS.source, { progress: 'soaking', until: ago(-42) }), stage('production', 1, REVISIONS.old)] }),
  'stages-hand': (state) => ({
    ...state, proxies: fleet, stages: [stage('testing', 1, REVISIONS.source, { progress: 'waiting', text: 'Waits for you.' }), stage('staging', 1, REVISIONS.old), stage('production', 1, REVISIONS.old)],
    attention: [{ id: 'stage:testing', tone: 'info', title: 'A map is ready for staging.', subject: REVISIONS.source.slice(0, 7), in_card: false, text: 'Every proxy in testing has it. Waits for you.', action: { kind: 'promote', label: 'Promote to staging', to: 'staging' } }],
  }),
  'stages-stopped': (state) => ({
    ...state, proxies: [fleet[0]!, { ...down, name: 'eu-staging', role: 'staging' }, healthy],
    stages: [stage('testing', 1, REVISIONS.source), stage('staging', 1, REVISIONS.source, { progress: 'stopped', proxy: 'eu-staging', text: 'eu-staging failed: Nothing listens at http://10.0.3.7:4000.' }), stage('production', 1, REVISIONS.old)],
    attention: [{ id: 'stage:staging', tone: 'warn', title: 'The new map stopped at staging.', subject: null, in_card: false, text: 'eu-staging failed: Nothing listens at http://10.0.3.7:4000. Production keeps its map until that works.', action: { kind: 'sync', label: 'Sync again', proxy: 'eu-staging' } }],
  }),
  publish: (state) => ({ ...state, publish: { to: 's3://prices/litellm/model_prices.json', url: 's3://prices/litellm/model_prices.json', revision: REVISIONS.promoted, published_at: ago(24), is_current: true, error: null } }),
  'publish-elsewhere': (state) => ({ ...state, publish: { to: 's3://prices/litellm/model_prices.json', url: 's3://prices/litellm/model_prices.json', revision: REVISIONS.old, published_at: ago(2_900), is_current: false, error: { code: 'published_elsewhere', message: 'Another machine put the map 5f2c9e0 at s3://prices/litellm/model_prices.json, and this one has promoted c83d05e. It was not overwritten. If theirs is newer, this resolves itself once this machine promotes it too.', detail: null, field: null } } }),
};
