/** Whether the fake host may be used: true in development only. */
declare const __FAKE__: boolean;

interface Window {
  __TAURI_INTERNALS__?: unknown;
}
