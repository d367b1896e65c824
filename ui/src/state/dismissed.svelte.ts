/** News that was sent away, so that it is told once. Kept in this webview only. */
import type { Attention } from '../host';
import { attentionKey } from '../lib/attention';

const KEY = 'auto-sync.dismissed';
const MOST = 50;

class Dismissed {
  #keys = $state.raw<readonly string[]>(read());

  has(one: Attention): boolean {
    return this.#keys.includes(attentionKey(one));
  }

  add(one: Attention): void {
    this.#keys = [...this.#keys, attentionKey(one)].slice(-MOST);
    localStorage.setItem(KEY, JSON.stringify(this.#keys));
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((key): key is string => typeof key === 'string') : [];
  } catch {
    return [];
  }
}

export const dismissed = new Dismissed();
