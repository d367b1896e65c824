/** Keys that work everywhere. */

export type Shortcut = 'palette' | 'sync_all' | 'search' | 'help' | 'back' | 'forward' | { screen: number };

export interface Keys {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** What a key asks for. `isTyping`: the focus is in a field, where plain letters are text. */
export function shortcutOf(keys: Keys, isMac: boolean, isTyping: boolean): Shortcut | null {
  // Not every system's web view has these of itself; where Alt moves by words, they are Cmd [ and Cmd ].
  if (keys.altKey) {
    const isOnly = !isMac && !isTyping && !keys.ctrlKey && !keys.metaKey && !keys.shiftKey;
    return !isOnly ? null : keys.key === 'ArrowLeft' ? 'back' : keys.key === 'ArrowRight' ? 'forward' : null;
  }
  const isCommand = isMac ? keys.metaKey && !keys.ctrlKey : keys.ctrlKey && !keys.metaKey;
  const key = keys.key.toLowerCase();
  if (isCommand && !keys.shiftKey) {
    if (key === 'k') return 'palette';
    if (key === 's') return 'sync_all';
    if (isMac && key === '[') return 'back';
    if (isMac && key === ']') return 'forward';
    if (/^[1-6]$/.test(key)) return { screen: Number(key) - 1 };
    return null;
  }
  if (isTyping || keys.ctrlKey || keys.metaKey) return null;
  if (key === '/') return 'search';
  if (key === '?') return 'help';
  return null;
}

/** Whether a plain letter would be typed into what has the focus. */
export function isField(element: Element | null): boolean {
  if (element === null) return false;
  if (element instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(element.type);
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement || (element as HTMLElement).isContentEditable;
}
