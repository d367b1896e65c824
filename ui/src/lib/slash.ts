/** "/" goes to the screen's search box, unless somebody is typing or a dialog is open. */
export function onSlash(event: KeyboardEvent, input: HTMLInputElement | undefined): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !input) return;
  if (isTyping(event) || document.querySelector('dialog[open]')) return;
  event.preventDefault();
  input.focus();
  input.select();
}

/** Whether this key goes into a field. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]') !== null;
}
