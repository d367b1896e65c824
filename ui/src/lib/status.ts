/** What the status line says. */
import type { AppState } from '../host';
import { stepText } from './facts';
import { count, middleCut, needReview, short } from './format';
import type { GlyphName } from './glyphs';

/** "1 of 3 synced", with the glyph of the least well of them. */
export function syncedText(state: AppState): { glyph: GlyphName; text: string } {
  const all = state.proxies.length;
  if (all === 0) return { glyph: 'sync-unknown', text: 'No proxy yet' };
  const synced = state.proxies.filter((proxy) => proxy.sync === 'synced').length;
  const text = all === 1 && synced === 1 ? '1 proxy synced' : `${count(synced)} of ${count(all)} synced`;
  const has = (sync: string) => state.proxies.some((proxy) => proxy.sync === sync);
  const glyph = has('behind') ? 'sync-behind' : has('held') ? 'sync-held' : has('unknown') ? 'sync-unknown' : 'sync-synced';
  return { glyph, text };
}

/** "build-box syncing, step 3 of 4", "2 proxies syncing"; null when nothing runs. */
export function runningText(state: AppState): string | null {
  const running = state.proxies.filter((proxy) => proxy.running !== null);
  const [first] = running;
  if (first === undefined || first.running === null) return null;
  if (running.length > 1) return `${count(running.length)} proxies syncing`;
  return `${middleCut(first.name, 40)} syncing, ${stepText(first.running)}`;
}

/** "= source, 3 entries need review", after the revision that proxies are meant to have: the source's own, since they read it themselves. */
export function desiredText(state: AppState): string | null {
  const promoted = state.promoted;
  if (promoted === null) return null;
  if (state.pins.some(({ proxy }) => proxy === null)) return '· pinned';
  if (state.source.revision === null || state.source.revision === promoted.billed) {
    return promoted.held > 0 ? `= source, ${needReview(promoted.held)}` : '= source';
  }
  const waits = promoted.held > 0 && state.source.revision === promoted.upstream;
  const why = state.source.verdict === 'held' ? ', held' : waits ? `, ${needReview(promoted.held)}${promoted.waits ? ' first' : ''}` : '';
  return `· source has ${short(state.source.revision)}${why}`;
}
