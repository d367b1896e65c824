import type { Attention } from '../host';

/** So many are shown at once; a long list would push the proxies out of sight. */
const FIRST = 4;

/** One more than that is shown rather than a button that says so. */
export function shownAttention(all: readonly Attention[], showsAll: boolean): readonly Attention[] {
  return showsAll || all.length <= FIRST + 1 ? all : all.slice(0, FIRST);
}

export function attentionIcon(one: Attention): 'held' | 'warning' | 'info' {
  if (/^(held|review)\b/.test(one.id)) return 'held';
  return one.tone === 'info' ? 'info' : 'warning';
}

/** What is only news is told once; what is wrong stays until it is put right. */
export function isDismissible(one: Attention): boolean {
  return one.tone === 'info';
}

/** The same matter with another text is told again. */
export function attentionKey(one: Attention): string {
  return `${one.id}\n${one.text}`;
}
