import type { Handlers } from './world';
import { REVISIONS } from './world';

/** The map's entries. */
export const modelsHandlers: Handlers = {
  models: () => ({
    revision: REVISIONS.promoted,
    capabilities: ['vision', 'function_calling'],
    proxies: ['prod-gateway', 'build-box', 'eu-staging'],
    rows: [
      { name: 'claude-sonnet-4-8', provider: 'anthropic', mode: 'chat', input: '3.00', output: '15.00', context: 200_000, max_output: 64_000, can: [0, 1], deprecation: null, on: [0, 1], held: false },
      { name: 'gpt-5.6-luna', provider: 'openai', mode: 'chat', input: '1.25', output: '10.00', context: 400_000, max_output: 128_000, can: [0, 1], deprecation: null, on: [0], held: false },
      { name: 'gpt-5.6-luna-mini', provider: 'openai', mode: 'chat', input: '0.25', output: '2.00', context: 400_000, max_output: 128_000, can: [1], deprecation: null, on: [], held: true },
    ],
  }),
  model: ({ model }) => ({
    name: model, provider: 'anthropic', mode: 'chat', capabilities: ['vision'], deprecation: null, proxies: ['prod-gateway'],
    fields: [{ path: 'input_cost_per_token', value: '3e-06', price: '3.00 per 1M tokens' }], history: [], findings: [],
  }),
  verify: ({ model, proxy }, world) => ({ model, proxy: proxy ?? world.state.proxies[0]?.name ?? null, agree: true, rows: [], read_at: world.state.now }),
};
