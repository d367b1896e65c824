import type { AppState, Attention, ProxyView, SourceView, UpdateView } from '../index';
import { down, healthy, receipt, run, strip, syncing } from './proxies';
import { ownScenarios } from './own';
import { reviewScenarios } from './review';
import { busy, quiet, withAlias, withLongNames } from './today';
import { ago, HOSTILE, NOW, REVISIONS } from './world';

const source: SourceView = {
  url: 'https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json',
  revision: REVISIONS.source, seen_at: ago(24), checked_at: ago(2), models: 4611, verdict: 'review', error: null, is_checking: false,
  new_there: { from: REVISIONS.old, to: REVISIONS.source, new_models: 4, removed_models: 1, repriced_models: 12, repriced_mine: 2, aliases: 2, limits: 3, other: 0 },
  held_because: null,
  is_kept: true,
};

const heldEntries: Attention = {
  id: 'held:c83d05e', tone: 'warn', title: '3 entries held for review.', subject: 'gpt-5.6-luna-mini', in_card: false,
  text: 'input would rise 1,000×. Old prices stay; everything else was updated.',
  action: { kind: 'open', label: 'Review', place: { screen: 'changes', from: null, to: REVISIONS.source } },
};
const unpriced: Attention = {
  id: 'unpriced:build-box', tone: 'warn', title: '1 callable model has no price.', subject: 'corp/rerank-legal', in_card: false,
  text: 'on build-box is billed at $0.', action: { kind: 'open', label: 'Add price', place: { screen: 'models', model: 'corp/rerank-legal' } },
};

function counts(): AppState['model_counts'] {
  const heights = [4388, 4391, 4391, 4397, 4402, 4402, 4411, 4415, 4431, 4431, 4440, 4446, 4459, 4459, 4466, 4481, 4481, 4488, 4502, 4507, 4507, 4519, 4526, 4538, 4544, 4544, 4560, 4571, 4609, 4611];
  return heights.map((models, index) => ({ at: ago((heights.length - 1 - index) * 1440 + 24), models }));
}

const noUpdate: UpdateView = { off: null, doing: 'idle', checked_at: ago(130), found: null, received: 0, total: null, error: null };

const drawn: AppState = {
  revision: 7, now: NOW, version: '0.1.0', platform: 'linux', host: 'desktop', first_run: false, theme: 'system',
  source,
  promoted: {
    revision: REVISIONS.promoted, upstream: REVISIONS.source, billed: REVISIONS.source, models: 4612, promoted_at: ago(24),
    held_models: ['gpt-5.6-luna-mini', 'azure/gpt-5.6-luna-mini', 'openrouter/openai/gpt-5.6-luna-mini'], held: 3,
    causes: [{ rule: 'price.jump', severity: 'review', broken: false, message: 'gpt-5.6-luna-mini: input would rise 1,000×.', models: ['gpt-5.6-luna-mini'], count: 3, mine: 1 }],
    waits: false,
  },
  stages: [], pins: [], own: { entries: 0, moved: [], same: [], problem: null }, publish: null, webhooks: [], pause: null, proxies: [healthy, syncing, down], attention: [heldEntries, unpriced],
  last_sync: ago(24), next_sync: ago(-204), model_counts: counts(), latest_changes: source.new_there, today: busy, tray_problem: null, update: noUpdate, toasts: { problem: null },
};

function named(base: ProxyView, name: string, more: Partial<ProxyView> = {}): ProxyView {
  return { ...base, name, ...more };
}

const newer: UpdateView = { ...noUpdate, found: { version: '0.2.0', notes: 'Prices per page are read.\nThe tray follows the taskbar’s theme.', can_install: true, skipped: false } };

const calm: AppState = { ...drawn, proxies: [healthy], attention: [] };

const scenarios: Record<string, () => AppState> = {
  drawn: () => drawn,
  loading: () => drawn,
  // 6,000 rows of changes.
  many: () => drawn,
  // A source was read, and nothing is promoted yet.
  unpromoted: () => ({ ...drawn, promoted: null, latest_changes: null, today: null, attention: [] }),
  error: () => drawn,
  empty: () => ({
    ...drawn, proxies: [], attention: [], last_sync: null, promoted: drawn.promoted, model_counts: drawn.model_counts.slice(-1), today: { ...busy, yours: [], yours_more: 0, mine: 0, proved_on: null, proved_at: null },
  }),
  lost: () => drawn,
  update: () => ({ ...calm, update: newer }),
  'update-loading': () => ({ ...calm, update: { ...newer, doing: 'downloading', received: 3_100_000, total: 8_200_000 } }),
  'update-refused': () => ({ ...calm, update: { ...newer, error: { code: 'unproven', message: 'The download is not signed by this program’s makers for that version, so it was thrown away. Try again later; if it stays so, report it.', detail: null, field: null } } }),
  'update-off': () => ({ ...calm, update: { ...noUpdate, checked_at: null, off: 'This program was built from source, so it has no update channel. A release looks for updates by itself.' } }),
  /** The ledger is locked: History cannot be read. */
  unreadable: () => drawn,
  /** The settings file holds values that are not valid. */
  problems: () => drawn,
  first: () => ({
    ...drawn, first_run: true, proxies: [], attention: [], last_sync: null, next_sync: null, promoted: null, model_counts: [], latest_changes: null, today: null,
    source: { ...source, new_there: null },
  }),
  /** A first run that finds no proxy. */
  lonely: () => scenario('first'),
  /** A first run on a machine without a key store. */
  keyless: () => scenario('first'),
  /** A first run whose proxy reads another source, one whose proxy reads from S3, and one without a network. */
  elsewhere: () => scenario('first'),
  bucket: () => scenario('first'),
  away: () => scenario('first'),
  one: () => ({
    ...calm,
    promoted: { ...drawn.promoted!, revision: REVISIONS.source, held: 0, held_models: [], causes: [] },
    source: { ...source, verdict: 'accepted', new_there: null },
    proxies: [{ ...healthy, live_revision: REVISIONS.source, receipt: { ...receipt, revision: REVISIONS.source, proxy_revision: REVISIONS.source } }],
  }),
  running: () => ({ ...drawn, attention: [], proxies: [syncing, named(syncing, 'prod-gateway', { role: 'production', running: { ...syncing.running!, step: 'check_source', done: [] } })] }),
  /** A quiet day. */
  quiet: () => ({ ...calm, today: quiet }),
  /** Only another name moved. */
  moved: () => ({ ...calm, today: withAlias }),
  /** Five proxies that nobody reaches, for one reason. */
  trouble: () => {
    const names = ['prod-gateway', 'edge-eu', 'edge-us', 'build-box', 'eu-staging-with-a-rather-long-name'];
    return {
      ...drawn,
      today: { ...busy, proved_on: null, proved_at: null, yours: busy.yours.map((change) => ({ ...change, in_source: change.kind !== 'retires' })) },
      proxies: names.map((name) => named(down, name, { role: name.startsWith('p') ? 'production' : 'staging' })),
      attention: [
        {
          id: `down::${names.join(',')}`, tone: 'bad', title: '5 proxies are down.', subject: null, in_card: false,
          text: `${names.slice(0, 3).join(', ')} and 2 more. ${down.error!.message}`,
          action: { kind: 'ask_all', label: 'Test again', proxies: names },
        },
        heldEntries,
      ],
    };
  },
  five: () => ({
    ...drawn,
    proxies: [
      healthy, syncing, down,
      named(healthy, 'edge-eu', {
        role: 'staging', url: 'https://edge-eu.corp.example/llm', health: 'degraded', sync: 'held', strip: strip('uuuuuucuuucuhhhuucuuuxuuucuuuh'),
        last_run: run({ id: 407, proxy: 'edge-eu', outcome: 'held', finished: ago(61) }), reads: 'direct',
        error: { code: 'proxy_degraded', message: 'The database does not answer; LiteLLM runs from memory. Prices are unaffected.', detail: null, field: null },
      }),
      named(healthy, 'new-laptop', {
        role: 'development', url: 'http://localhost:4000', sync: 'unknown', health: null, asked_at: null, live_revision: null, proved_at: null, to_the_byte: false,
        last_run: null, strip: [], rate: { days: 30, succeeded: 0, failed: 0, held: 0, interrupted: 0 }, version: null, database: null, reads: 'unknown',
        callable: null, priced: null, receipt: null, next_run: ago(-12), is_asking: true,
      }),
    ],
  }),
  /** A fleet: 12 that cannot be reached for one cause, and one or two of everything else. */
  fifty: () => {
    const regions = ['eu', 'us', 'ap', 'sa', 'me'] as const;
    const stages = ['production', 'production', 'staging', 'testing', 'development'] as const;
    const proxies = Array.from({ length: 50 }, (_, index) => {
      const name = `${regions[index % 5]}-${['gateway', 'chat', 'batch'][index % 3]}-${index + 1}`;
      const role = stages[Math.floor(index / 10)] ?? 'production';
      const url = `https://${name}.corp.example`;
      if (index < 12) return named(down, name, { role, url, cause: 'proxy.refused', error: { ...down.error!, message: `Connection refused by ${name}.corp.example:443. Check that LiteLLM is running there; nothing was changed.` } });
      if (index === 12) return named(healthy, name, { role, url, health: 'unauthorised', error: { code: 'unauthorised', message: 'The proxy rejected the key. Use its master key or a proxy admin’s key.', detail: null, field: 'key' } });
      if (index < 15) return named(syncing, name, { role, url, running: index === 13 ? syncing.running : null });
      if (index === 15) return named(healthy, name, { role, url, sync: 'held', to_the_byte: false });
      if (index === 16) return named(healthy, name, { role, url, sync: 'unknown', health: null, asked_at: null, live_revision: null, proved_at: null, to_the_byte: false, last_run: null, strip: [], receipt: null, next_run: null, awaits_first_sync: true });
      return named(healthy, name, { role, url });
    });
    const away = proxies.slice(0, 12).map(({ name }) => name);
    return {
      ...drawn,
      proxies,
      attention: [
        {
          id: `down:proxy.refused:${away.join(',')}`, tone: 'bad', title: '12 proxies cannot be reached: the connection is refused.', subject: null, in_card: false,
          text: `${away.slice(0, 3).join(', ')} and 9 more.`, action: { kind: 'ask_all', label: 'Test again', proxies: away },
        },
        heldEntries,
      ],
    };
  },
  held: () => ({
    ...calm,
    promoted: { ...drawn.promoted!, revision: REVISIONS.old, upstream: REVISIONS.old, billed: REVISIONS.old, held: 0, held_models: [], causes: [] },
    source: { ...source, verdict: 'held', held_because: '1,204 of 4,611 models would disappear.' },
    proxies: [
      { ...healthy, live_revision: REVISIONS.old, receipt: { ...receipt, revision: REVISIONS.old, proxy_revision: REVISIONS.old } },
      named(healthy, 'build-box', { sync: 'held', reads: 'direct', to_the_byte: false, last_run: run({ id: 411, proxy: 'build-box', outcome: 'held', finished: ago(12) }), strip: strip('uuuuuucuuucuuuuucuuuuuucuuuuuh') }),
    ],
    attention: [{
      id: 'held-map:b41c9e2', tone: 'warn', title: 'The new map is held.', subject: null, in_card: false,
      text: '1,204 of 4,611 models would disappear. Proxies keep a07f3d1; nothing was changed.',
      action: { kind: 'open', label: 'Show changes', place: { screen: 'changes', from: null, to: REVISIONS.source } },
    }],
  }),
  /** Calls that were booked at $0: without a price, and with one that is not applied. */
  zero: () => ({
    ...calm,
    proxies: [
      named(healthy, 'prod-gateway', {
        unpriced: ['claude-x', 'corp/rerank-legal'], unpriced_entry: 'anthropic/claude-x',
        zero: [
          { model: 'claude-x', cause: 'no_price', calls: 124, tokens: 1_234_567, entry: 'anthropic/claude-x', why: 'no price', remedy: 'Give anthropic/claude-x a price of your own.' },
          { model: 'gpt-mini', cause: 'set_to_zero', calls: 31, tokens: 40_200, entry: 'gpt-5.6-luna-mini', why: 'the configuration of its deployment sets 0', remedy: 'Take the price out of model_info and litellm_params of the deployment, unless it is meant to be free.' },
        ],
      }),
    ],
    attention: [
      { ...unpriced, id: 'unpriced:prod-gateway', title: '2 callable models have no price.', subject: 'claude-x', text: '124 calls, 1.2M tokens, booked at $0 within 7 days; and 1 other on prod-gateway.', action: { kind: 'open', label: 'Add price', place: { screen: 'models', model: 'anthropic/claude-x' } } },
      {
        id: 'zero:gpt-mini:prod-gateway', tone: 'info', title: '1 model has a price and is still booked at $0.', subject: 'gpt-mini', in_card: false,
        text: '31 calls, 40,200 tokens within 7 days on prod-gateway: the configuration of its deployment sets 0. Take the price out of model_info and litellm_params of the deployment, unless it is meant to be free.',
        action: { kind: 'open', label: 'Open model', place: { screen: 'models', model: 'gpt-5.6-luna-mini' } },
      },
    ],
  }),
  paused: () => ({ ...calm, pause: { until: ago(-42) }, next_sync: null, proxies: [{ ...healthy, next_run: null }, named(healthy, 'build-box', { next_run: null })] }),
  ...Object.fromEntries(Object.entries(reviewScenarios).map(([name, change]) => [name, () => change(calm)])),
  ...Object.fromEntries(Object.entries(ownScenarios).map(([name, change]) => [name, () => change(calm)])),
  /** The gateway: one proxy reads it and one does not, it is off, its port is taken. The settings' file knows which. */
  gateway: () => ({ ...drawn, proxies: [healthy, named(healthy, 'build-box', { url: 'http://127.0.0.1:4000', role: 'development', reads: 'direct' })] }),
  webhooks: () => calm,
  'webhooks-error': () => ({
    ...calm,
    attention: [{
      id: 'webhooks:team', tone: 'warn', title: 'Alerts do not reach team.', subject: null, in_card: false,
      text: 'The webhook’s address is gone: it was removed or replaced there. Enter the new address. 3 alerts wait.',
      action: { kind: 'open', label: 'Open settings', place: { screen: 'settings', section: 'webhooks', proxy: null } },
    }],
  }),
  'gateway-off': () => scenario('gateway'),
  'gateway-error': () => scenario('gateway'),
  hostile: () => ({
    ...drawn,
    source: { ...source, url: `https://mirror.example/${'deep/'.repeat(40)}${HOSTILE.markup}.json`, error: { code: 'source_unreachable', message: `The source answered ${HOSTILE.markup}. The last map stays in use.`, detail: HOSTILE.markup, field: null } },
    proxies: [
      named(healthy, HOSTILE.markup, { url: `https://${'sub.'.repeat(40)}example`, role: 'production', version: HOSTILE.markup, unpriced: [HOSTILE.markup] }),
      named(down, HOSTILE.long, { url: `http://user@10.0.0.1:4000/${'path/'.repeat(60)}`, error: { code: 'x', message: `${HOSTILE.markup} ${'word '.repeat(80)}`, detail: HOSTILE.long, field: null } }),
      named(syncing, HOSTILE.bidi),
    ],
    attention: [
      { ...heldEntries, subject: HOSTILE.markup }, { ...unpriced, subject: HOSTILE.long, text: 'x'.repeat(400), tone: 'bad' },
      {
        id: 'toasts', tone: 'info', title: 'Notifications cannot be shown here.', subject: null, in_card: false,
        text: 'No notification service answers on this desktop. You can find everything in History.',
        action: { kind: 'open', label: 'Notification settings', place: { screen: 'settings', section: 'notifications', proxy: null } },
      },
    ],
    today: withLongNames,
    toasts: { problem: 'No notification service answers on this desktop, so toasts cannot be shown.' },
  }),
};

export function scenario(name: string): AppState {
  const make = scenarios[name];
  if (make === undefined) throw new Error(`no scenario ${name}; there are ${Object.keys(scenarios).join(', ')}`);
  return make();
}
