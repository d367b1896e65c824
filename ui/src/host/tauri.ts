import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { AppEvent, Args, CommandName, Host, Result } from './index';
import { HostError, toErrorView } from './index';

/** The desktop app. */
export function tauriHost(): Host {
  async function call<K extends CommandName>(name: K, args: Args<K>): Promise<Result<K>> {
    try {
      return await invoke<Result<K>>('call', { name, args });
    } catch (thrown) {
      throw new HostError(toErrorView(thrown));
    }
  }

  return {
    call,
    listen(on) {
      const listening = listen<AppEvent>('app-event', (event) => on(event.payload));
      return () => void listening.then((stop) => stop());
    },
    // The program and its window live and die together.
    link(on) {
      on(true);
      return () => {};
    },
    // A webview may refuse the clipboard after an awaited answer; the program may always use it.
    async copy(text) {
      await call('copy', { text });
    },
    save: async (name, text) => (await call('save_file', { name, text })).path,
  };
}
