/** The runs that are known here: pages of the ledger, joined. Kept while other screens are shown, so it opens at once. */
import { call, toErrorView, type ErrorView, type RunRow } from '../../host';
import { matches, merge, type RunFilter } from '../../lib/runs';

const PAGE = 100;
/** A rare outcome may lie far back: so many pages are looked through before a person is asked. */
const PAGES_AT_ONCE = 4;

export class RunList {
  #runs = $state.raw<RunRow[]>([]);
  #proxy = $state<string | null>(null);
  /** Nothing older is in the ledger. */
  isComplete = $state(false);
  isLoading = $state(false);
  /** Something was answered for this proxy. */
  isKnown = $state(false);
  error = $state.raw<ErrorView | null>(null);
  /** An answer for another proxy than the chosen one is dropped. */
  #asked = 0;

  get runs(): RunRow[] {
    return this.#runs;
  }

  /** The newest page, put before what is known. */
  async refresh(proxy: string | null): Promise<void> {
    if (proxy !== this.#proxy) {
      this.#proxy = proxy;
      this.#runs = [];
      this.isComplete = false;
      this.isKnown = false;
    }
    await this.#page(null);
  }

  /** Older pages, until one shows a run that the filter lets through, or the ledger ends. */
  async older(filter: RunFilter): Promise<void> {
    if (this.isLoading || this.isComplete) return;
    for (let page = 0; page < PAGES_AT_ONCE && !this.isComplete && this.error === null; page += 1) {
      const answer = await this.#page(this.#runs.at(-1)?.id ?? null);
      if (answer === null || answer.some((run) => matches(run, filter))) return;
    }
  }

  async #page(before: number | null): Promise<RunRow[] | null> {
    const ticket = (this.#asked += 1);
    const proxy = this.#proxy;
    this.isLoading = true;
    this.error = null;
    try {
      const page = await call('history', { proxy, before, limit: PAGE });
      if (proxy !== this.#proxy) return null;
      // A first page that does not reach the known ones would leave a hole: what is older is read again.
      const meets = before !== null || page.length < PAGE || page.some((run) => run.id === this.#runs[0]?.id);
      this.#runs = merge(meets ? this.#runs : [], page);
      if (page.length < PAGE) this.isComplete = true;
      else if (!meets) this.isComplete = false;
      this.isKnown = true;
      return page;
    } catch (thrown) {
      if (proxy === this.#proxy) this.error = toErrorView(thrown);
      return null;
    } finally {
      if (ticket === this.#asked) this.isLoading = false;
    }
  }
}

export const runList = new RunList();
