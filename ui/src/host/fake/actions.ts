/** What a person can start: syncs with their steps, checks, pause. */
import type { ProxyView, RunRow, RunningView } from '../index';
import { run } from './proxies';
import type { Handlers, World } from './world';
import { wait } from './world';

const STEPS: RunningView['step'][] = ['check_source', 'read_live', 'reload', 'read_back', 'receipt'];

function put(world: World, name: string, part: Partial<ProxyView>): void {
  world.change({ proxies: world.state.proxies.map((proxy) => (proxy.name === name ? { ...proxy, ...part } : proxy)) });
}

async function syncOne(world: World, name: string): Promise<RunRow> {
  const id = Math.max(410, ...world.state.proxies.flatMap((proxy) => proxy.strip.map((one) => one.id))) + 1;
  const done: RunningView['done'] = [];
  for (const step of STEPS) {
    put(world, name, { running: { id, step, done: [...done], started: world.state.now, trigger: 'manual' } });
    await wait(700);
    const proxy = world.state.proxies.find((other) => other.name === name);
    if (proxy?.running?.id !== id) return run({ id, proxy: name, outcome: 'interrupted' });
    done.push({ step, seconds: 0.7 });
  }
  const ended = run({ id, proxy: name, trigger: 'manual', outcome: 'unchanged', started: world.state.now, finished: world.state.now });
  put(world, name, { running: null, last_run: ended, sync: 'synced', live_revision: world.state.promoted?.revision ?? null });
  return ended;
}

export const actionHandlers: Handlers = {
  state: (_args, world) => world.state,
  sync: ({ proxies }, world) => {
    const names = proxies.length > 0 ? proxies : world.state.proxies.map((proxy) => proxy.name);
    return Promise.all(names.map((name) => syncOne(world, name)));
  },
  preview: ({ proxy }) => ({
    run: run({ id: 0, proxy, outcome: 'planned' }), steps: [], receipt: null, causes: [], new_models: [], removed_models: [], price_changes: [], held_models: [], held: 0, has_diff: false,
  }),
  cancel: ({ proxies }, world) => {
    for (const name of proxies) put(world, name, { running: null, last_run: run({ id: 412, proxy: name, trigger: 'manual', outcome: 'interrupted', started: world.state.now, finished: world.state.now }) });
    return null;
  },
  check_source: async (_args, world) => {
    world.change({ source: { ...world.state.source, is_checking: true } });
    await wait(900);
    world.change({ source: { ...world.state.source, is_checking: false, checked_at: world.state.now } });
    return null;
  },
  ask: async ({ proxies }, world) => {
    const names = proxies.length > 0 ? proxies : world.state.proxies.map((proxy) => proxy.name);
    for (const name of names) put(world, name, { is_asking: true });
    await wait(900);
    for (const name of names) put(world, name, { is_asking: false, asked_at: world.state.now });
    return null;
  },
  looking: () => null,
  pause: ({ length }, world) => {
    const minutes = length === '30m' ? 30 : length === '1h' ? 60 : 900;
    const until = length === null ? null : new Date(Date.parse(world.state.now) + minutes * 60_000).toISOString();
    world.change({ pause: { until }, next_sync: null });
    return null;
  },
  resume: (_args, world) => {
    world.change({ pause: null });
    return null;
  },
  open: () => null,
  save_file: ({ name }) => ({ path: `/home/mira/Downloads/${name}` }),
  diagnostics: () => ({ text: 'LiteLLM Auto-Sync 0.1.0, linux\n3 proxies' }),
  check_updates: async (_args, world) => {
    world.change({ update: { ...world.state.update, doing: 'checking', error: null } });
    await wait(200);
    world.change({ update: { ...world.state.update, doing: 'idle', checked_at: world.state.now } });
    return null;
  },
  install_update: (_args, world) => {
    world.change({ update: { ...world.state.update, doing: 'downloading', received: 3_100_000, total: 8_200_000 } });
    return null;
  },
  cancel_update: (_args, world) => {
    world.change({ update: { ...world.state.update, doing: 'idle' } });
    return null;
  },
  skip_update: ({ version }, world) => {
    const { found } = world.state.update;
    world.change({ update: { ...world.state.update, found: found && { ...found, skipped: found.version === version } } });
    return null;
  },
};
