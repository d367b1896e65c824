/** Whether the fake host may be used: true in development only. */
declare const __FAKE__: boolean;
/** Whether the dashboard may run in a browser: false in the desktop bundle. */
declare const __WEB__: boolean;

interface Window {
  __TAURI_INTERNALS__?: unknown;
}
