/** What a person can start from anywhere. Progress comes back in the state; only refusals are told here. */
import { call, host, toErrorView, type AttentionAction, type ErrorView } from '../host';
import { route } from './route.svelte';
import { snacks } from './snack.svelte';
import { theme, type Theme } from './theme.svelte';

class Refusal {
  /** The last thing that was refused, until it is closed or something works. */
  current = $state.raw<ErrorView | null>(null);
}

export const refusal = new Refusal();

/** Waits for it; a refusal is shown at the top of the page. Tells whether it worked. */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    refusal.current = null;
    return true;
  } catch (thrown) {
    refusal.current = toErrorView(thrown);
    return false;
  }
}

export type PauseLength = '30m' | '1h' | 'tomorrow' | null;

/** The lengths of a pause with their words, as the menus name them. */
export const pauses: readonly { length: PauseLength; label: string; done: string }[] = [
  { length: '30m', label: '30 minutes', done: 'Paused for 30 minutes.' },
  { length: '1h', label: '1 hour', done: 'Paused for 1 hour.' },
  { length: 'tomorrow', label: 'Until tomorrow', done: 'Paused until tomorrow.' },
  { length: null, label: 'Until I resume', done: 'Paused until you resume.' },
];

export const actions = {
  /** No names: all proxies. `force` loads the map even where it is there already; it never passes a hold. */
  sync: (proxies: string[] = [], force = false) => attempt(call('sync', { proxies, force })),
  cancel: (proxy: string) => attempt(call('cancel', { proxies: [proxy] })),
  ask: (proxy: string) => attempt(call('ask', { proxies: [proxy] })),
  checkSource: () => attempt(call('check_source', null)),

  /** No name: every pin. */
  async unpin(proxy: string | null): Promise<void> {
    if (await attempt(call('unpin', { proxy }))) snacks.show('Unpinned. Proxies follow the source again.');
  },

  /** Lets the map that waits go on to this stage. */
  async promote(to: string): Promise<void> {
    if (await attempt(call('promote', { to, force: false }))) snacks.show(`Promoted to ${to}.`);
  },

  /** The one thing that resolves a matter. */
  resolve(action: AttentionAction): void {
    if (action.kind === 'open') route.open(action.place);
    else if (action.kind === 'sync') void actions.sync([action.proxy]);
    else if (action.kind === 'ask') void actions.ask(action.proxy);
    else if (action.kind === 'sync_all') void actions.sync(action.proxies);
    else if (action.kind === 'promote') void actions.promote(action.to);
    else if (action.kind === 'unpin') void actions.unpin(action.proxy);
    else if (action.kind === 'ask_all') for (const proxy of action.proxies) void actions.ask(proxy);
    else void actions.checkSource();
  },

  async resume(): Promise<void> {
    // "Paused for 1 hour." would not be true any more.
    if (await attempt(call('resume', null))) snacks.close();
  },

  async pause(length: PauseLength): Promise<void> {
    if (!(await attempt(call('pause', { length })))) return;
    const done = pauses.find((one) => one.length === length)?.done ?? 'Paused.';
    snacks.show(done, { label: 'Resume', run: () => void actions.resume() });
  },

  /** `what` names it: "Address". */
  async copy(text: string, what: string): Promise<void> {
    if (await attempt(host().copy(text))) snacks.show(`${what} copied`);
  },

  async copyDiagnostics(): Promise<void> {
    try {
      const { text } = await call('diagnostics', null);
      await actions.copy(text, 'Diagnostics');
    } catch (thrown) {
      refusal.current = toErrorView(thrown);
    }
  },

  /** Shown at once; the program keeps it. */
  async setTheme(chosen: Theme): Promise<void> {
    theme.apply(chosen);
    await attempt(call('set', { field: 'theme', value: chosen }));
  },
};
