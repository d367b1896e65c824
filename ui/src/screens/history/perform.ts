import { call } from '../../host';
import type { RemedyAction } from '../../lib/runs';
import { actions, attempt } from '../../state/actions.svelte';
import { route } from '../../state/route.svelte';

/** Does what a remedy names. */
export async function perform(action: RemedyAction): Promise<void> {
  switch (action.kind) {
    case 'open':
      route.open(action.place);
      return;
    case 'sync':
      await actions.sync([action.proxy]);
      return;
    case 'ask':
      await actions.ask(action.proxy);
      return;
    case 'check_source':
      await actions.checkSource();
      return;
    case 'outside':
      await attempt(call('open', { what: action.what }));
      return;
  }
}
