/** The one short message at the bottom: "Copied", or what can be undone. */

export interface Snack {
  text: string;
  /** What the button says, and does. */
  action: { label: string; run: () => void } | null;
}

const PLAIN_MS = 3_000;
const UNDO_MS = 8_000;

class Snacks {
  current = $state.raw<Snack | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(text: string, action: Snack['action'] = null): void {
    this.current = { text, action };
    this.hold(action === null ? PLAIN_MS : UNDO_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.current = null;
  }

  /** Starts its time anew; with nothing it stays, while the pointer or focus is on it. */
  hold(milliseconds?: number): void {
    clearTimeout(this.#timer);
    if (milliseconds !== undefined) this.#timer = setTimeout(() => (this.current = null), milliseconds);
  }
}

export const snacks = new Snacks();
