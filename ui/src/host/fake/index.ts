/** A program in memory: `?scenario=NAME` in development. Never in a bundle. */
import type { Args, CommandName, Host, Result } from '../index';
import { HostError, toErrorView } from '../index';
import { actionHandlers } from './actions';
import { changesHandlers } from './changes';
import { historyHandlers } from './history';
import { modelsHandlers } from './models';
import { ownHandlers } from './own';
import { reviewHandlers } from './review';
import { scenario } from './scenarios';
import { settingsHandlers } from './settings';
import { wait, World, type Handlers } from './world';

const handlers: Required<Handlers> = {
  ...(actionHandlers as Required<Handlers>),
  ...changesHandlers,
  ...modelsHandlers,
  ...reviewHandlers,
  ...ownHandlers,
  ...historyHandlers,
  ...settingsHandlers,
};

export function fakeHost(name: string): Host {
  const world = new World(name, scenario(name));
  return {
    async call<K extends CommandName>(command: K, args: Args<K>): Promise<Result<K>> {
      if (name === 'loading') return new Promise<never>(() => {});
      if (name === 'error') {
        throw new HostError({ code: 'ledger_damaged', message: 'The ledger cannot be read, so nothing is shown. No proxy was changed. Start Auto-Sync again.', detail: 'database disk image is malformed', field: null });
      }
      await wait(0);
      try {
        // The table's type is right for each command, which TypeScript cannot follow through the index.
        const answer = handlers[command] as (args: Args<K>, world: World) => Result<K> | Promise<Result<K>>;
        return await answer(args, world);
      } catch (thrown) {
        throw new HostError(toErrorView(thrown));
      }
    },
    listen: (on) => world.listen(on),
    link(on) {
      on(name !== 'lost');
      return () => {};
    },
    copy: async (text) => {
      await navigator.clipboard.writeText(text).catch(() => {});
    },
    save: async (name) => `/home/mira/Downloads/${name}`,
  };
}
