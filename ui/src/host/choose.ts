import type { Host } from './index';
import { tauriHost } from './tauri';
import { webHost } from './web';

/** The desktop app when it is there, else the dev server; `?scenario=NAME` only in development. */
export async function chooseHost(): Promise<Host> {
  if (__FAKE__) {
    const scenario = new URLSearchParams(location.search).get('scenario');
    if (scenario !== null) return (await import('./fake/index')).fakeHost(scenario);
  }
  if (window.__TAURI_INTERNALS__ !== undefined) return tauriHost();
  return webHost();
}
