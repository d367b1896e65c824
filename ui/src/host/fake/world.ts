/** What the fake program knows, and how its files answer commands. For development and tests only. */
import type { AppEvent, AppState, Args, CommandName, Result } from '../index';

export class World {
  state: AppState;
  readonly scenario: string;
  #listeners = new Set<(event: AppEvent) => void>();

  constructor(scenario: string, state: AppState) {
    this.scenario = scenario;
    this.state = state;
  }

  listen(on: (event: AppEvent) => void): () => void {
    this.#listeners.add(on);
    return () => this.#listeners.delete(on);
  }

  /** Changes the state and tells it. */
  change(part: Partial<AppState>): void {
    const next = { ...this.state, ...part, revision: this.state.revision + 1 };
    // As in the program: with a proxy it is no first run any more, though the welcome may still be open.
    this.state = { ...next, first_run: next.first_run && next.proxies.length === 0 };
    this.tell({ event: 'state', state: this.state });
  }

  tell(event: AppEvent): void {
    for (const on of this.#listeners) on(event);
  }
}

/** What one file answers. Throw an `ErrorView` (see `refuse`) to fail. */
export type Handlers = {
  [K in CommandName]?: (args: Args<K>, world: World) => Result<K> | Promise<Result<K>>;
};

/** The time of all scenarios, so that pictures stay the same. */
export const NOW = '2026-11-22T08:38:12Z';

/** A time so many minutes before NOW (ahead of it when negative). */
export function ago(minutes: number): string {
  return new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Markup and endless names, as a bad map could hold them. */
export const HOSTILE = {
  markup: '<img src=x onerror="alert(1)"><script>alert(2)</script>',
  long: `bedrock/eu-central-1/${'very-long-vendor-namespace/'.repeat(6)}anthropic.claude-opus-4-8-20260115-v1:0`,
  bidi: 'gpt-5\u202Egnp.exe\u202C-mini',
} as const;

export const REVISIONS = {
  old: 'a07f3d1c9e5b84f2a6d03b7718c2e94f50ab6d31',
  source: 'b41c9e27d05a6f3318be72c4a9d06f51e8837ac4',
  promoted: 'c83d05e1f7724b0d9a6e35c2b8810f4dd39a6c17',
} as const;
