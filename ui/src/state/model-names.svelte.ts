/** The names of all models, for the palette; asked for when it opens, again only after another map was promoted. */
import { call } from '../host';

class ModelNames {
  list = $state.raw<readonly string[]>([]);
  /** The question that is not answered yet. It is never rejected. */
  asking = $state.raw<Promise<void> | null>(null);
  #revision: string | null | undefined;

  load(revision: string | null): void {
    if (this.#revision === revision) return;
    this.#revision = revision;
    const asking = this.#ask().finally(() => {
      if (this.asking === asking) this.asking = null;
    });
    this.asking = asking;
  }

  async #ask(): Promise<void> {
    try {
      this.list = (await call('models', null)).rows.map((row) => row.name);
    } catch {
      // Commands are found without them; the next opening asks again.
      this.#revision = undefined;
    }
  }
}

export const modelNames = new ModelNames();
