/** The port to the program: everything the dashboard knows and does goes through it. */
import type { AppEvent, Commands, ErrorView } from './bindings';

export type * from './bindings';
export { NAMED_UNPRICED } from './bindings';

export type CommandName = keyof Commands;
export type Args<K extends CommandName> = Commands[K]['args'];
export type Result<K extends CommandName> = Commands[K]['result'];

export interface Host {
  /** Asks the program. Rejects with a `HostError`. */
  call<K extends CommandName>(name: K, args: Args<K>): Promise<Result<K>>;
  /** Events until the returned function is called. */
  listen(on: (event: AppEvent) => void): () => void;
  /** Tells whether the program can be reached, whenever that changes. */
  link(on: (isUp: boolean) => void): () => void;
  /** Puts text on the clipboard. */
  copy(text: string): Promise<void>;
  /** Saves a new file where downloads go; resolves with where it is, as people say it. */
  save(name: string, text: string): Promise<string>;
}

/** What a command rejects with. Callers branch on `code`, people read `message`. */
export class HostError extends Error implements ErrorView {
  readonly code: string;
  readonly detail: string | null;
  readonly field: string | null;

  constructor(view: ErrorView) {
    super(view.message);
    this.name = 'HostError';
    this.code = view.code;
    this.detail = view.detail;
    this.field = view.field;
  }
}

/** Any thrown thing as an `ErrorView`. */
export function toErrorView(thrown: unknown): ErrorView {
  if (isErrorView(thrown)) {
    return { code: thrown.code, message: thrown.message, detail: thrown.detail ?? null, field: thrown.field ?? null };
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'dashboard', message: 'The dashboard could not complete that. Nothing was changed.', detail, field: null };
}

function isErrorView(thrown: unknown): thrown is ErrorView {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  );
}

let current: Host | null = null;

/** Chosen once, before the first component is made. Tests give their own. */
export function useHost(host: Host): void {
  current = host;
}

export function host(): Host {
  if (current === null) throw new Error('no host was chosen');
  return current;
}

/** Short for `host().call`. */
export function call<K extends CommandName>(name: K, args: Args<K>): Promise<Result<K>> {
  return host().call(name, args);
}
