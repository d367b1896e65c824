import { receipt, run } from './proxies';
import type { Handlers } from './world';
import { ago } from './world';

/** Runs and the log. */
export const historyHandlers: Handlers = {
  history: ({ proxy, before, limit }) =>
    [410, 409, 408]
      .map((id) => run({ id, proxy: 'prod-gateway', started: ago((411 - id) * 60), finished: ago((411 - id) * 60 - 0.1) }))
      .filter((row) => (proxy === null || row.proxy === proxy) && (before === null || row.id < before))
      .slice(0, limit),
  run: ({ id }) => ({
    run: run({ id, proxy: 'prod-gateway' }), steps: [{ step: 'read_live', seconds: 0.3 }, { step: 'reload', seconds: 1.2 }, { step: 'read_back', seconds: 0.6 }],
    receipt, findings: [], new_models: [], removed_models: [], price_changes: [], held_models: [], has_diff: true,
  }),
  log: () => [{ timestamp: ago(24), status: 'success', proxy: 'prod-gateway', line: `${ago(24)} success prod-gateway 4612 models` }],
};
