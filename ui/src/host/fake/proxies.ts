import type { ProxyView, ReceiptView, RunRow, StripRun } from '../index';
import { ago, REVISIONS } from './world';

/** c = changed, u = unchanged, f = failed, h = held, r = running, x = interrupted. */
export function strip(runs: string): StripRun[] {
  const outcomes = { c: 'succeeded', u: 'unchanged', f: 'failed', h: 'held', r: 'running', x: 'interrupted' } as const;
  return [...runs].map((letter, index) => ({
    id: 380 + index,
    outcome: outcomes[letter as keyof typeof outcomes],
    started: ago((runs.length - index) * 360 - 336),
  }));
}

export function run(given: Partial<RunRow> & Pick<RunRow, 'id' | 'proxy'>): RunRow {
  return {
    trigger: 'schedule', outcome: 'succeeded', reason: null, started: ago(24.1), finished: ago(24), seconds: 2.1,
    from: REVISIONS.old, to: REVISIONS.promoted, new_models: 4, removed_models: 1, pricing_changes: 12, error: null, compared_models: 4612,
    ...given,
  };
}

export const receipt: ReceiptView = {
  revision: REVISIONS.promoted, bytes: 2_918_406, models: 4612, proxy_version: '1.94.2', proxy_revision: REVISIONS.promoted,
  loaded_at: ago(24.02), compared_models: 4612, compared_fields: 61_204, overrides: ['corp/chat-small'],
  sampled_models: ['claude-sonnet-4-8', 'gpt-5.6-luna', 'gemini/gemini-3.5-flash'], read_back_at: ago(24),
};

export const healthy: ProxyView = {
  name: 'prod-gateway', url: 'https://llm.corp.example', role: 'production',
  sync: 'synced', live_revision: REVISIONS.promoted, proved_at: ago(24), to_the_byte: true,
  health: 'up', asked_at: ago(1), is_asking: false, down_since: null, version: '1.94.2', database: true, reads: 'gateway', error: null, cause: null,
  last_run: run({ id: 409, proxy: 'prod-gateway' }), running: null, next_run: ago(-204), own_hours: null, own_schedule: null, awaits_first_sync: false,
  strip: strip('cuucucuuucuuucfucuuuucuuucuuuc'), rate: { days: 30, succeeded: 116, failed: 4, held: 0, interrupted: 0 },
  callable: 41, priced: 4612, unpriced: [], unpriced_entry: null, zero: [], receipt, withdrawn: null,
};

export const syncing: ProxyView = {
  ...healthy, name: 'build-box', url: 'http://10.20.0.14:4000', role: 'development',
  sync: 'behind', live_revision: REVISIONS.old, proved_at: ago(384), to_the_byte: false,
  version: '1.88.0', database: false, reads: 'direct',
  last_run: run({ id: 400, proxy: 'build-box', outcome: 'unchanged', finished: ago(384), started: ago(384.1) }),
  running: {
    id: 410, step: 'read_back', trigger: 'manual', started: ago(4 / 60),
    done: [{ step: 'check_source', seconds: 0.4 }, { step: 'read_live', seconds: 0.3 }, { step: 'reload', seconds: 1.2 }],
  },
  strip: strip('uucuuucuuuucuufuuucuuucuuucuur'), rate: { days: 30, succeeded: 112, failed: 4, held: 0, interrupted: 0 },
  callable: 12, priced: 4609, unpriced: ['corp/rerank-legal'], unpriced_entry: 'corp/rerank-legal', zero: [],
  receipt: { ...receipt, revision: REVISIONS.old, proxy_version: '1.88.0', proxy_revision: null, models: 4609, compared_models: 4609, read_back_at: ago(384) },
};

export const refused = {
  code: 'proxy_unreachable',
  message: 'Connection refused by 10.31.4.2:4000. Check that LiteLLM is running there; nothing was changed.',
  detail: 'tcp connect error: Connection refused (os error 111)', field: null,
};

export const down: ProxyView = {
  ...healthy, name: 'eu-staging', url: 'http://10.31.4.2:4000', role: 'testing',
  sync: 'unknown', live_revision: REVISIONS.old, proved_at: ago(2880), to_the_byte: false,
  health: 'down', down_since: ago(86), version: '1.90.1', database: null, reads: 'unknown', error: refused, cause: 'proxy.refused',
  last_run: run({ id: 408, proxy: 'eu-staging', trigger: 'retry', outcome: 'failed', finished: ago(26), started: ago(26.1), error: refused, compared_models: null }),
  next_run: ago(-4), own_hours: null, own_schedule: null, awaits_first_sync: false,
  strip: strip('uucuuucuuuucuuufff'), rate: { days: 30, succeeded: 15, failed: 3, held: 0, interrupted: 0 },
  callable: 7, priced: null, unpriced: [], unpriced_entry: null, zero: [], receipt: null,
};
