import { copyText } from './clipboard';
import type { AppEvent, Args, CommandName, Host, Result } from './index';
import { HostError, toErrorView } from './index';
import { EventSplitter } from './sse';

const TOKEN_KEY = 'auto-sync.token';
const RETRY_MS = [500, 1000, 2000, 5000] as const;

/** The program's server on this machine, in an ordinary browser. */
export function webHost(): Host {
  const token = takeToken();
  const links = new Set<(isUp: boolean) => void>();
  let isUp = true;

  function setUp(up: boolean): void {
    if (up === isUp) return;
    isUp = up;
    for (const on of links) on(up);
  }

  async function call<K extends CommandName>(name: K, args: Args<K>): Promise<Result<K>> {
    let response: Response;
    try {
      response = await fetch(`/api/call/${name}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(args),
      });
    } catch (thrown) {
      throw new HostError({
        code: 'host_unreachable',
        message: 'Auto-Sync is not responding. Nothing was changed; the dashboard will keep trying.',
        detail: thrown instanceof Error ? thrown.message : null,
        field: null,
      });
    }
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return body as Result<K>;
    throw new HostError(body === null ? refusal(response.status) : toErrorView(body));
  }

  function listen(on: (event: AppEvent) => void): () => void {
    const abort = new AbortController();
    void follow(on, abort.signal);
    return () => abort.abort();
  }

  async function follow(on: (event: AppEvent) => void, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const response = await fetch('/api/events', { headers: { Authorization: `Bearer ${token}` }, signal });
        if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
        setUp(true);
        attempt = 0;
        await read(response.body, on);
      } catch {
        // Told by the link below; the next attempt is the remedy.
      }
      if (signal.aborted) return;
      setUp(false);
      await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
    }
  }

  return {
    call,
    listen,
    link(on) {
      links.add(on);
      on(isUp);
      return () => links.delete(on);
    },
    copy: copyText,
    save: download,
  };
}

/** A browser has its own place for downloads, and tells nobody where it is. */
async function download(name: string, text: string): Promise<string> {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  // Some browsers read it only after they have asked where to put it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return `${name} to the browser’s downloads`;
}

async function read(body: ReadableStream<Uint8Array>, on: (event: AppEvent) => void): Promise<void> {
  const splitter = new EventSplitter();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const data of splitter.push(decoder.decode(value, { stream: true }))) on(JSON.parse(data) as AppEvent);
  }
}

/** The token comes once, in the fragment, and must not stay in the address or the browser's history. */
function takeToken(): string {
  const given = /^#token=([^&]+)/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(given));
    history.replaceState(null, '', `${location.pathname}${location.search}`);
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? '';
}

function refusal(status: number) {
  const message =
    status === 401 || status === 403
      ? 'This page has no valid token. Open the dashboard from Auto-Sync again.'
      : 'Auto-Sync sent an invalid answer. Nothing was changed.';
  return { code: 'host_refused', message, detail: `HTTP ${status}`, field: null };
}
