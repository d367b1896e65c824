/** The names of all models, for the palette; asked for when it opens, again only after another map was promoted. */
import { call } from '../host';

class ModelNames {
  list = $state.raw<readonly string[]>([]);
  #revision: string | null | undefined;

  async load(revision: string | null): Promise<void> {
    if (this.#revision === revision) return;
    this.#revision = revision;
    try {
      this.list = (await call('models', null)).rows.map((row) => row.name);
    } catch {
      // Commands are found without them; the next opening asks again.
      this.#revision = undefined;
    }
  }
}

export const modelNames = new ModelNames();
