/** What a screen asked the program for: the last known answer stays until the next one is there. */
import { toErrorView, type ErrorView } from '../host';

export class Answer<T> {
  #value = $state.raw<T | undefined>(undefined);
  error = $state.raw<ErrorView | null>(null);
  isAsking = $state(false);
  #turn = 0;

  /** `undefined` before the first answer. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Asks. Of several questions only the last one's answer counts. */
  async ask(question: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.isAsking = true;
    try {
      const value = await question();
      if (turn !== this.#turn) return;
      this.#value = value;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = toErrorView(thrown);
    } finally {
      if (turn === this.#turn) this.isAsking = false;
    }
  }

  /** Puts an answer that is known already, and drops the one that is under way. */
  put(value: T | undefined): void {
    this.#turn++;
    this.#value = value;
    this.error = null;
    this.isAsking = false;
  }
}
