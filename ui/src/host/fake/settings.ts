import type { ErrorView, GatewayView, OtherSourceView, ProxyForm, ProxySetting, ProxyTest, ProxyView, SettingField, SettingsView, WebhookForm, WebhookSetting } from '../index';
import { run } from './proxies';
import type { Handlers, World } from './world';
import { ago, HOSTILE, wait } from './world';

/**
 * Settings, proxies and the first run, kept as long as the page. Scenarios: `problems` has a damaged file and a proxy of
 * the environment, `keyless` no key store, `lonely` finds no proxy; the proxies of `elsewhere` and `bucket` read another
 * source, and the source of `away` cannot be reached. The gateway listens in `gateway` and `hostile`; in `gateway-error`, and
 * at any port 80, another program has its port. In any of them an address with `refuse` gives a wrong
 * key, with `down` no answer, with `other` no LiteLLM, and one without `http` is no address.
 */
interface Kept {
  settings: SettingsView;
  proxies: ProxySetting[];
}

const kept = new WeakMap<World, Kept>();

function bad(message: string, field: string, code = 'invalid_setting'): ErrorView {
  return { code, message, detail: null, field };
}

function of(world: World): Kept {
  const known = kept.get(world);
  if (known) return known;
  const isBroken = world.scenario === 'problems';
  const proxies: ProxySetting[] = world.state.proxies.map((proxy, at) => ({
    name: proxy.name, url: proxy.url, role: proxy.role, key_variable: at === 1 && isBroken ? 'BUILD_BOX_KEY' : null, key_header: at === 2 ? 'X-LiteLLM-Key' : 'Authorization', allow_plain_http: false, ca_file: '', restart: '', local_file: '', own_schedule: '', beta_headers: '', from_environment: false,
  }));
  if (isBroken) proxies.push({ name: 'env', url: 'http://127.0.0.1:4000', role: 'development', key_variable: 'LITELLM_MASTER_KEY', key_header: 'Authorization', allow_plain_http: false, ca_file: '', restart: '', local_file: '', own_schedule: '', beta_headers: '', from_environment: true });
  const made: Kept = {
    proxies,
    settings: {
      publish_to: world.state.publish?.to ?? 'off', publish_url: '', gateway: { ...NO_GATEWAY, listen: ['gateway', 'gateway-error', 'hostile'].includes(world.scenario) ? NO_GATEWAY.default_listen : 'off' }, proxies, source: world.scenario === 'hostile' ? HOSTILE.long : world.state.source.url, source_is_file: world.scenario === 'hostile', default_source: world.state.source.url,
      watch: '5m', preset: 'production', every: '6h', windows: [], on_change: true, next_syncs: [ago(-202), ago(-562), ago(-922)],
      gate_mode: 'review', gate_direct: 'tell', gate_soak: '0m', gate_stages: 'off', gate_stage_soak: '1h',
      notify_new_models: true, notify_price_changes: 'mine', notify_failures: true, notify_success_rate: 80, webhooks: webhooksOf(world.scenario), quiet: isBroken ? '' : '22:00-07:00',
      autostart: isBroken ? null : false, close: 'tray', updates: 'daily', network_proxy: 'system', network_ca_file: '', network_environment: isBroken ? ['HTTPS_PROXY=http://proxy.corp.example:3128', 'NO_PROXY=localhost,.corp.example'] : [],
      theme: world.state.theme, home: '/home/mira/.local/share/litellm-auto-sync', usage: { ledger: 41_200_000, logs: 6_300_000, backups: 58_000_000, total: 105_600_000, memory: 84_000_000, folded_runs: 12_480 },
      problems: isBroken
        ? [{ field: 'schedule.every', message: '“six hours” isn’t a valid duration. Production, every 6 hours, applies instead.' }, { field: 'notify.quiet', message: 'Write a time span like 22:00-07:00. There are no quiet hours.' }, { field: 'overlay.path', message: 'There is no setting of this name in this version; it is kept.' }]
        : [],
      key_store: 'Secret Service',
      key_store_problem: world.scenario === 'keyless' ? 'No key store could be reached on this system. Start and unlock a Secret Service (GNOME Keyring, KWallet, KeePassXC), or keep the key in an environment variable.' : null,
    },
  };
  kept.set(world, made);
  return made;
}

/** In `webhooks` two work and one is off; in `webhooks-error` one is gone and alerts wait. */
function webhooksOf(scenario: string): WebhookSetting[] {
  const made = (name: string, change: Partial<WebhookSetting>, state: Partial<WebhookSetting['state']> = {}): WebhookSetting => ({
    name, kind: 'slack', url_variable: null, alerts: ['failures', 'success_rate', 'anomalies', 'prices', 'retiring', 'fallback', 'withdrawn'], enabled: true, ...change,
    state: { name, waiting: 0, last_delivered: ago(134), error: null, failing_since: null, next_try: null, given_up: 0, ...state },
  });
  if (scenario === 'webhooks') return [made('team', {}), made('on-call', { kind: 'json', url_variable: 'ONCALL_WEBHOOK_URL', alerts: ['failures', 'fallback'] }, { waiting: 2 }), made('old-channel', { enabled: false }, { last_delivered: null })];
  if (scenario !== 'webhooks-error') return scenario === 'hostile' ? [made(HOSTILE.long, { url_variable: HOSTILE.long }, { error: bad(HOSTILE.markup, ''), next_try: ago(-9) })] : [];
  const gone: ErrorView = { code: 'webhook_failed', message: 'The webhook’s address is gone: it was removed or replaced there. Enter the new address.', detail: 'HTTP 410', field: null };
  return [made('team', {}, { waiting: 3, given_up: 1, error: gone, failing_since: ago(190), next_try: ago(-41) }), made('on-call', { kind: 'json', url_variable: 'ONCALL_WEBHOOK_URL' })];
}

const NO_GATEWAY: GatewayView = { listen: 'off', default_listen: '127.0.0.1:4401', on: false, error: null, proxies: [] };

/** The first proxy reads it, or did before it was turned off. */
function gatewayOf(world: World): GatewayView {
  const { settings, proxies } = of(world);
  const { listen } = settings.gateway;
  const isTaken = listen.endsWith(':80') || (world.scenario === 'gateway-error' && listen === NO_GATEWAY.default_listen);
  const on = listen !== 'off' && !isTaken;
  const address = on ? listen : NO_GATEWAY.default_listen;
  const prefix = address.startsWith('127.') ? '' : '/5f2c9e0b71d84a36';
  const isScenario = world.scenario.startsWith('gateway');
  return {
    ...NO_GATEWAY, listen, on,
    error: isTaken ? `The gateway cannot listen at ${listen}: Address already in use (os error 98). Proxies that read it keep their map. Choose another address.` : null,
    proxies: proxies.map(({ name }, at) => ({
      name, url: `http://${address}${prefix}/${name}/model_prices_and_context_window.json`,
      is_read: on && isScenario && at === 0, last_fetch: isScenario && at === 0 ? ago(2) : null,
    })),
  };
}

function view(world: World): SettingsView {
  const { settings, proxies } = of(world);
  return { ...settings, gateway: gatewayOf(world), proxies: [...proxies], webhooks: [...settings.webhooks] };
}

const PERIOD = /^\d+[smhd]$/;
const TIME = '([01]\\d|2[0-4]):[0-5]\\d';

/** What is wrong with a value, as the program would say it. */
function check(field: SettingField, value: string): ErrorView | null {
  switch (field) {
    case 'every':
    case 'gate_soak':
    case 'gate_stage_soak':
      return PERIOD.test(value) ? null : bad('Write a duration as a number with s, m, h or d, at most 366 days: 90s, 5m, 6h, 1d.', field);
    case 'windows': {
      const wrong = value.split('\n').find((line) => line.trim() !== '' && !new RegExp(`^(allow|deny) ([A-Z][a-z]{2}([-,][A-Z][a-z]{2})* )?${TIME}-${TIME}$`).test(line.trim()));
      return wrong === undefined ? null : bad(`Write a sync window like “allow Mon-Fri 02:00-05:00” or “deny Sat,Sun 00:00-24:00”, not “${wrong.slice(0, 60)}”.`, 'schedule.windows');
    }
    case 'source':
      if (value.trim() === '') return bad('The source must be an http or https URL, or the path of a file.', 'source');
      return /^(https?:\/\/\S+|\/|[A-Z]:\\)/.test(value) ? null : bad('This isn’t a valid URL. Use one like https://litellm.example.com/map.json.', 'source.url');
    case 'gateway':
      return value === 'off' || /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:]+\]):\d{1,5}$/i.test(value) ? null : bad('This must be an IP address and port, like 127.0.0.1:4401, or off.', 'gateway');
    case 'network_ca_file':
      return value === '' || value.startsWith('/') ? null : bad(`The ca_file ${value.slice(0, 60)} does not exist. It has to be a PEM file of the authority’s certificates; no connection is made without it.`, 'network.ca_file');
    case 'network_proxy':
      return value === 'system' || value === 'none' || /^https?:\/\/\S+$/.test(value) ? null : bad('Start the address with http:// or https://, for example http://proxy.example:3128.', 'network.proxy');
    default:
      return null;
  }
}

function put(world: World, field: SettingField, value: string): void {
  const { settings } = of(world);
  switch (field) {
    case 'windows':
      settings.windows = value.split('\n').map((line) => line.trim()).filter(Boolean);
      settings.next_syncs = settings.windows.length > 0 ? [ago(-1060), ago(-2500), ago(-3940)] : settings.next_syncs;
      return;
    case 'source':
      settings.source = value.trim();
      settings.source_is_file = !value.includes('://');
      return;
    case 'gateway':
      settings.gateway = { ...settings.gateway, listen: value.trim() };
      return;
    case 'on_change':
    case 'notify_new_models':
    case 'notify_failures':
    case 'autostart':
      settings[field] = value === 'true';
      return;
    case 'notify_success_rate':
      settings[field] = Number(value);
      return;
    default:
      settings[field] = value;
  }
}

/** What is wrong with what is typed, before anything is sent. */
function checkForm(world: World, form: ProxyForm): ErrorView | null {
  const name = form.name.toLowerCase();
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name) && form.edits === null) return bad('A name must be 1 to 64 letters, digits, dots and dashes.', 'name');
  if (of(world).proxies.some((one) => one.name.toLowerCase() === name && one.name !== form.edits)) return bad(`There is a proxy named ${form.name} already.`, 'name', 'already_exists');
  if (!/^https?:\/\/[^\s/]+/.test(form.url)) return bad('Start the address with http:// or https://, for example http://10.31.4.2:4000.', 'url');
  if (form.url.includes('@')) return bad('The address holds a user or password. Leave it out; the key has its own field.', 'url', 'url_has_credentials');
  const isLocal = /^http:\/\/(localhost|127\.|10\.|192\.168\.|[^./:]+(:|\/|$))/.test(form.url);
  if (form.url.startsWith('http:') && !isLocal && !form.allow_plain_http) return bad(`${form.url} is a public address, and plain HTTP would expose your key to anyone along the way. Nothing was changed. Use https, or accept the risk.`, 'url', 'plain_http');
  if (form.key.place === 'env' && !/^[A-Za-z_]\w*$/.test(form.key.variable)) return bad('Enter the name of an environment variable, for example LITELLM_MASTER_KEY.', 'key');
  if (form.key.place === 'keyring' && world.scenario === 'keyless') return bad('No key store could be reached on this system. No key was stored.', 'key', 'no_secret_store');
  return null;
}

/** What is wrong with a webhook that is typed. */
function checkWebhook(world: World, form: WebhookForm): ErrorView | null {
  const { webhooks } = of(world).settings;
  const known = webhooks.find(({ name }) => name === form.edits);
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(form.name) && form.edits === null) return bad('A webhook’s name must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit.', 'name');
  if (form.edits === null && webhooks.some(({ name }) => name.toLowerCase() === form.name.toLowerCase())) return bad(`There is already a webhook named ${form.name}. Nothing was changed.`, 'name', 'already_exists');
  if (form.url.place === 'env') return /^[A-Za-z_]\w*$/.test(form.url.variable) ? null : bad('Write the name of an environment variable. Do not enter the address itself here.', 'url');
  if (form.url.secret === null) return known && known.url_variable === null ? null : bad('Enter the address of this webhook, as the chat program shows it.', 'url', 'no_key');
  return /^(https:\/\/|http:\/\/(localhost|127\.))/.test(form.url.secret) ? null : bad('Over plain HTTP anyone along the way could read the address and post there. Nothing was saved; use https.', 'url', 'plain_http');
}

/** A proxy with a source of its own, until it is the source here too. */
const OTHER = 'https://maps.corp.example/litellm/model_prices.json';

function otherSource(source: string | null, theirs: string): OtherSourceView | null {
  if (source === theirs) return null;
  if (theirs.startsWith('s3:')) return { message: `This proxy reads its map from ${theirs}, an object in S3, which this app cannot read or check. To sync it, point its LITELLM_MODEL_COST_MAP_URL at https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json.`, usable: null };
  return { message: `This proxy reads its map from ${theirs}, but the source here is https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json. A sync reloads it only when both are the same: use the proxy’s source here, or change its LITELLM_MODEL_COST_MAP_URL.`, usable: theirs };
}

function test(world: World, form: ProxyForm, source: string | null): ProxyTest {
  const good: ProxyTest = { version: '1.94.2', milliseconds: 6, can_read: true, can_sync: true, database: false, callable: 41, priced: 4609, unpriced: [], error: null, other_source: null, traps: [] };
  const nothing = { version: null, can_read: false, can_sync: false, database: null, callable: null, priced: null };
  if (form.url.includes('down')) return { ...good, ...nothing, error: bad(`The proxy at ${form.url} cannot be reached: nothing is listening there. Start the proxy, or check the host and port.`, 'url', 'proxy_unreachable') };
  if (form.url.includes('other')) return { ...good, ...nothing, error: bad(`${form.url} does not answer like LiteLLM (HTTP 404). Check the host and port. The key was not sent.`, 'url', 'not_litellm') };
  if (form.url.includes('refuse')) return { ...good, can_sync: false, database: true, error: bad('The key can read but not reload the price map: LiteLLM requires the master key or a proxy admin’s key.', 'key', 'unauthorised') };
  if (form.url.includes('corp')) return { ...good, milliseconds: 42, database: true, unpriced: ['corp/rerank-legal'], priced: 4612, traps: ['This version erases the proxy’s own reload schedule with each reload by hand.'] };
  if (world.scenario === 'elsewhere' || world.scenario === 'bucket') {
    const other_source = otherSource(source, world.scenario === 'bucket' ? 's3://prices/model_prices.json' : OTHER);
    return { ...good, database: true, other_source, can_sync: other_source === null };
  }
  return good;
}

function shown(form: ProxyForm): ProxyView {
  return {
    name: form.name, url: form.url, role: form.role, sync: 'unknown', live_revision: null, proved_at: null, to_the_byte: false, health: null, asked_at: null, is_asking: true,
    down_since: null, version: null, database: null, reads: 'unknown', error: null, cause: null, last_run: null, running: null, next_run: null, own_hours: null, own_schedule: null, awaits_first_sync: true, strip: [],
    rate: { days: 30, succeeded: 0, failed: 0, held: 0, interrupted: 0 }, callable: null, priced: null, unpriced: [], unpriced_entry: null, zero: [], receipt: null, withdrawn: null,
  };
}

export const settingsHandlers: Handlers = {
  settings: (_args, world) => view(world),
  set: async ({ field, value }, world) => {
    await wait(120);
    const wrong = check(field, value);
    if (wrong) throw wrong;
    put(world, field, value);
    if (field === 'theme') world.change({ theme: value });
    return view(world);
  },
  save_proxy: async ({ form }, world) => {
    await wait(200);
    const wrong = checkForm(world, form);
    if (wrong) throw wrong;
    const { proxies } = of(world);
    const setting: ProxySetting = { name: form.edits ?? form.name, url: form.url, role: form.role, key_variable: form.key.place === 'env' ? form.key.variable : null, key_header: form.key_header, allow_plain_http: form.allow_plain_http, ca_file: form.ca_file, restart: form.restart, local_file: form.local_file, own_schedule: form.own_schedule, beta_headers: form.beta_headers, from_environment: false };
    const at = proxies.findIndex(({ name }) => name === form.edits);
    if (at < 0) proxies.push(setting);
    else proxies[at] = setting;
    const known = world.state.proxies.find(({ name }) => name === setting.name);
    world.change({ proxies: known ? world.state.proxies.map((proxy) => (proxy === known ? { ...proxy, url: setting.url, role: setting.role } : proxy)) : [...world.state.proxies, shown({ ...form, name: setting.name })] });
    return view(world);
  },
  remove_proxy: ({ proxy }, world) => {
    const mine = of(world);
    mine.proxies = mine.proxies.filter(({ name }) => name !== proxy);
    world.change({ proxies: world.state.proxies.filter(({ name }) => name !== proxy) });
    return view(world);
  },
  save_webhook: async ({ form }, world) => {
    await wait(200);
    const wrong = checkWebhook(world, form);
    if (wrong) throw wrong;
    const { settings } = of(world);
    const before = settings.webhooks.find(({ name }) => name === form.edits);
    const state = before?.state ?? { name: form.name, waiting: 0, last_delivered: null, error: null, failing_since: null, next_try: null, given_up: 0 };
    const saved: WebhookSetting = { name: form.edits ?? form.name, kind: form.kind, url_variable: form.url.place === 'env' ? form.url.variable : null, alerts: form.alerts, enabled: form.enabled, state };
    settings.webhooks = before ? settings.webhooks.map((one) => (one === before ? saved : one)) : [...settings.webhooks, saved];
    return view(world);
  },
  remove_webhook: ({ webhook }, world) => {
    const { settings } = of(world);
    settings.webhooks = settings.webhooks.filter(({ name }) => name !== webhook);
    return view(world);
  },
  test_webhook: async ({ webhook }, world) => {
    await wait(300);
    const error = of(world).settings.webhooks.find(({ name }) => name === webhook)?.state.error;
    if (error) throw error;
    return { milliseconds: 142 };
  },
  test_proxy: async ({ form, source }, world) => {
    await wait(400);
    const wrong = checkForm(world, form);
    if (wrong && wrong.field !== 'name') throw wrong;
    return test(world, form, source);
  },
  find_proxies: async (_args, world) => {
    await wait(world.scenario === 'first' ? 80 : 300);
    return world.scenario === 'lonely' ? [] : [{ url: 'http://127.0.0.1:4000', version: '1.94.2', milliseconds: 6 }];
  },
  preview: async ({ proxy }, world) => {
    await wait(500);
    const row = run({ id: 0, proxy, outcome: 'planned', started: world.state.now, finished: world.state.now });
    return { run: row, steps: [], receipt: null, causes: [], new_models: [], removed_models: [], price_changes: [], held_models: [], held: 0, has_diff: false };
  },
  preview_draft: async ({ form }, world) => {
    await wait(500);
    const isAway = world.scenario === 'away';
    const error = isAway ? { code: 'source_unreachable', message: 'The source cannot be reached: the name raw.githubusercontent.com does not resolve. Check this computer’s network, or set another source. The map that was promoted before stays.', detail: null, field: null } : null;
    const row = run({ id: 0, proxy: form.name, outcome: isAway ? 'failed' : 'planned', error, new_models: isAway ? 0 : 41, pricing_changes: isAway ? 0 : 3, started: world.state.now, finished: world.state.now });
    return { run: row, steps: [], receipt: null, causes: [], new_models: [], removed_models: [], price_changes: [], held_models: [], held: 0, has_diff: false };
  },
  end_first_run: (_args, world) => {
    world.change({ first_run: false });
    return null;
  },
};
