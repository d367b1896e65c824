/** The runs that the filter lets through, as far back as they were read. Kept while other screens are shown, so it opens at once. */
import { call, toErrorView, type ErrorView, type RunRow } from '../../host';
import { isSame, refreshed, type RunFilter } from '../../lib/runs';

const PAGE = 100;

export class RunList {
  runs = $state.raw<RunRow[]>([]);
  #filter: RunFilter = { proxy: null, outcome: null };
  /** Nothing older is in the ledger. */
  isComplete = $state(false);
  isLoading = $state(false);
  /** Something was answered for this filter. */
  isKnown = $state(false);
  error = $state.raw<ErrorView | null>(null);
  /** Only the answer to the newest question counts. */
  #asked = 0;

  /** The newest page, put before what is known. */
  async refresh(filter: RunFilter): Promise<void> {
    if (!isSame(filter, this.#filter)) {
      this.#filter = filter;
      this.runs = [];
      this.isComplete = false;
      this.isKnown = false;
    }
    await this.#ask(null, (page) => {
      const isAll = page.length < PAGE;
      // A page that does not reach the known runs would leave a hole: what is older is read again.
      const meets = page.some(({ id }) => id === this.runs[0]?.id);
      this.runs = isAll || !meets ? page : refreshed(this.runs, page);
      if (isAll || !meets) this.isComplete = isAll;
    });
  }

  /** One more page, older than what is known. */
  async older(): Promise<void> {
    if (this.isLoading || this.isComplete) return;
    await this.#ask(this.runs.at(-1)?.id ?? null, (page) => {
      this.runs = [...this.runs, ...page];
      this.isComplete = page.length < PAGE;
    });
  }

  /** `take` is called before `isLoading` ends: who waits for that would otherwise ask for the same page again. */
  async #ask(before: number | null, take: (page: RunRow[]) => void): Promise<void> {
    const ticket = (this.#asked += 1);
    this.isLoading = true;
    this.error = null;
    try {
      const page = await call('history', { ...this.#filter, before, limit: PAGE });
      if (ticket !== this.#asked) return;
      take(page);
      this.isKnown = true;
    } catch (thrown) {
      if (ticket === this.#asked) this.error = toErrorView(thrown);
    } finally {
      if (ticket === this.#asked) this.isLoading = false;
    }
  }
}

export const runList = new RunList();
