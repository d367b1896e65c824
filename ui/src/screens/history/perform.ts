import { call, toErrorView } from '../../host';
import type { RemedyAction } from '../../lib/runs';
import { route } from '../../state/route.svelte';
import { snacks } from '../../state/snack.svelte';

/** Does what a remedy names. What a sync or a question brings is seen in the state; only a refusal is told here. */
export async function perform(action: RemedyAction): Promise<void> {
  try {
    switch (action.kind) {
      case 'open':
        route.open(action.place);
        return;
      case 'sync':
        await call('sync', { proxies: [action.proxy], force: false });
        return;
      case 'ask':
        await call('ask', { proxies: [action.proxy] });
        return;
      case 'check_source':
        await call('check_source', null);
        return;
      case 'outside':
        await call('open', { what: action.what });
        return;
    }
  } catch (thrown) {
    snacks.show(toErrorView(thrown).message);
  }
}
