/** Puts text on the clipboard. Some webviews refuse the modern way once an answer was waited for. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch (thrown) {
    if (!copyByField(text)) throw thrown;
  }
}

function copyByField(text: string): boolean {
  const last = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'vh';
  // Inside an open dialog, or else the page behind it could not take the focus.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  if (last instanceof HTMLElement) last.focus();
  return isDone;
}
