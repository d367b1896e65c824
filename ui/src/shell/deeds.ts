/** Does what a command of the palette says. */
import { call } from '../host';
import type { Deed } from '../lib/palette';
import { actions, attempt } from '../state/actions.svelte';
import { dialogs } from '../state/dialogs.svelte';
import { route } from '../state/route.svelte';
import { theme } from '../state/theme.svelte';

export function doDeed(deed: Deed, showShortcuts: () => void): void {
  switch (deed.kind) {
    case 'open':
      return route.open(deed.place, deed.extra);
    case 'sync':
      return void actions.sync(deed.proxies);
    case 'cancel':
      return void actions.cancel(deed.proxy);
    case 'ask':
      return void actions.ask(deed.proxy);
    case 'why':
      dialogs.why = { model: null, proxy: deed.proxy };
      return;
    case 'pause':
      return void actions.pause(deed.length);
    case 'go_back':
      dialogs.rollback = true;
      return;
    case 'add_model':
      dialogs.own = '';
      return;
    case 'resume':
      return void actions.resume();
    case 'check_source':
      return void actions.checkSource();
    case 'toggle_theme':
      return void actions.setTheme(theme.shown === 'dark' ? 'light' : 'dark');
    case 'copy_diagnostics':
      return void actions.copyDiagnostics();
    case 'open_logs':
      return void attempt(call('open', { what: 'logs' }));
    case 'shortcuts':
      return showShortcuts();
  }
}
