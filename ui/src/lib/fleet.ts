/** Many proxies at once: in groups, those in trouble first, each proxy in one of them. */
import type { ProxyView } from '../host';
import { count } from './format';
import type { GlyphName } from './glyphs';

/** So many proxies have a card each; more are a list. */
export const CARDS = 8;

/** So many rows of a group are shown at first. */
export const ROWS = 8;

export type GroupKey = 'running' | 'down' | 'unauthorised' | 'failed' | 'degraded' | 'behind' | 'held' | 'unknown' | 'synced';

export interface Group {
  key: GroupKey;
  title: string;
  glyph: GlyphName;
  proxies: readonly ProxyView[];
}

/** In the order in which somebody has to look at them. */
const groups: readonly { key: GroupKey; title: string; glyph: GlyphName }[] = [
  { key: 'down', title: 'Down', glyph: 'health-down' },
  { key: 'unauthorised', title: 'Key rejected', glyph: 'health-unauthorised' },
  { key: 'failed', title: 'Last sync did not work', glyph: 'run-failed' },
  { key: 'degraded', title: 'Degraded', glyph: 'health-degraded' },
  { key: 'held', title: 'Held', glyph: 'sync-held' },
  { key: 'behind', title: 'Behind', glyph: 'sync-behind' },
  { key: 'running', title: 'Syncing now', glyph: 'run-running' },
  { key: 'unknown', title: 'Not known yet', glyph: 'sync-unknown' },
  { key: 'synced', title: 'Synced', glyph: 'sync-synced' },
];

const roles = ['production', 'staging', 'testing', 'development'];

/** The one group that a proxy is in: what stands in the way comes before what it holds. */
export function groupOf(proxy: ProxyView): GroupKey {
  if (proxy.running !== null) return 'running';
  if (proxy.health === 'down' || proxy.health === 'unauthorised') return proxy.health;
  const outcome = proxy.last_run?.outcome;
  if (outcome === 'failed' || outcome === 'unproven') return 'failed';
  if (proxy.health === 'degraded') return 'degraded';
  return proxy.sync;
}

/** The groups that have a proxy; within one, production first, then by name. */
export function grouped(proxies: readonly ProxyView[]): Group[] {
  const rank = ({ role }: ProxyView) => (roles.indexOf(role) + roles.length + 1) % (roles.length + 1);
  const sorted = [...proxies].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  return groups.map((group) => ({ ...group, proxies: sorted.filter((proxy) => groupOf(proxy) === group.key) })).filter((group) => group.proxies.length > 0);
}

/** Each word must be somewhere in what the row says. */
export function matching(proxies: readonly ProxyView[], query: string): ProxyView[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const title = (key: GroupKey) => groups.find((group) => group.key === key)?.title ?? '';
  return proxies.filter((proxy) => {
    const text = [proxy.name, proxy.url, proxy.role, proxy.version ?? '', title(groupOf(proxy))].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** "50 proxies: 12 down, 3 behind, 35 synced". */
export function fleetLine(all: readonly Group[]): string {
  const of = all.reduce((sum, group) => sum + group.proxies.length, 0);
  return `${count(of)} proxies: ${all.map((group) => `${count(group.proxies.length)} ${group.title.toLowerCase()}`).join(', ')}`;
}
