import type { SettingsView } from '../index';
import type { Handlers, World } from './world';
import { ago } from './world';

/** Settings, proxies and the first run. */
function settings(world: World): SettingsView {
  return {
    proxies: world.state.proxies.map((proxy) => ({ name: proxy.name, url: proxy.url, role: proxy.role, key_variable: null, allow_plain_http: false, from_environment: false })),
    source: world.state.source.url, source_is_file: false, default_source: world.state.source.url,
    watch: '5m', preset: 'production', every: '6h', windows: [], next_syncs: [ago(-204), ago(-564), ago(-924)],
    gate_mode: 'review', gate_direct: 'tell', gate_soak: '0m',
    notify_new_models: true, notify_price_changes: 'mine', notify_failures: true, quiet: '',
    autostart: false, close: 'tray', network_proxy: 'system', network_environment: [], theme: world.state.theme, updates: true,
    home: '/home/user/.config/litellm-auto-sync', ledger_bytes: 18_400_000, problems: [], key_store: 'Secret Service', key_store_problem: null,
  };
}

export const settingsHandlers: Handlers = {
  settings: (_args, world) => settings(world),
  set: ({ field, value }, world) => {
    if (field === 'theme') world.change({ theme: value });
    return settings(world);
  },
  save_proxy: (_args, world) => settings(world),
  remove_proxy: ({ proxy }, world) => {
    world.change({ proxies: world.state.proxies.filter((other) => other.name !== proxy) });
    return settings(world);
  },
  test_proxy: () => ({ version: '1.94.2', milliseconds: 42, can_read: true, can_sync: true, database: true, callable: 41, priced: 4612, unpriced: [], error: null, traps: [] }),
  find_proxies: () => [{ url: 'http://localhost:4000', version: '1.94.2', milliseconds: 12 }],
  end_first_run: (_args, world) => {
    world.change({ first_run: false });
    return null;
  },
};
