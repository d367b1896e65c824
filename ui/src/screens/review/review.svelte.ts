/** What is asked, one model of it in depth, and decisions on their way. Kept while other screens are shown. */
import { call, toErrorView, type ErrorView, type ReviewDetail, type ReviewView } from '../../host';
import { decided, type Ruling } from '../../lib/review';
import { Answer } from '../../state/answer.svelte';
import { snacks } from '../../state/snack.svelte';

/** Details are kept while one walks up and down the list. */
const KEPT = 60;
/** So long a row must stay chosen before it is asked for, once another one is shown already. */
const PAUSE_MS = 60;

interface Refused {
  error: ErrorView;
  models: readonly string[];
  ruling: Ruling | null;
}

export class Review {
  readonly answer = new Answer<ReviewView>();
  readonly detail = new Answer<ReviewDetail>();
  /** Decisions that the program has not confirmed yet: it also syncs, which takes seconds, and nobody has to wait for that. */
  pending = $state.raw<ReadonlyMap<string, Ruling | null>>(new Map());
  /** The last decision that was not made. */
  refused = $state.raw<Refused | null>(null);

  /** Where a refusal is told while another screen is shown. */
  onrefused: ((error: ErrorView) => void) | null = null;

  #last: Promise<void> = Promise.resolve();
  #known = new Map<string, ReviewDetail>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  load(): void {
    this.#known.clear();
    void this.answer.ask(() => call('review', null));
  }

  /** Shows this model in depth; null shows none. */
  show(model: string | null): void {
    clearTimeout(this.#timer);
    const known = model === null ? undefined : this.#known.get(model);
    if (model === null || known !== undefined) {
      this.detail.put(known);
      return;
    }
    const ask = () => void this.detail.ask(() => this.#ask(model));
    if (this.detail.value === undefined) ask();
    else this.#timer = setTimeout(ask, PAUSE_MS);
  }

  /** Decides about models, one decision after the other in the order in which they were made. */
  decide(models: readonly string[], ruling: Ruling | null): void {
    if (models.length === 0) return;
    this.pending = new Map([...this.pending, ...models.map((model) => [model, ruling] as const)]);
    this.refused = null;
    // Of the values on the screen now; taking a decision back concerns whatever is there.
    const revision = ruling === null ? null : (this.answer.value?.revision ?? null);
    this.#last = this.#last.then(() => this.#send(models, ruling, revision));
  }

  async #send(models: readonly string[], ruling: Ruling | null, revision: string | null): Promise<void> {
    try {
      this.answer.put(await call('decide', { models: [...models], revision, ruling }));
      snacks.show(decided(models, ruling), ruling === null ? null : { label: 'Undo', run: () => this.decide(models, null) });
    } catch (thrown) {
      this.refused = { error: toErrorView(thrown), models, ruling };
      this.onrefused?.(this.refused.error);
    } finally {
      const rest = new Map(this.pending);
      for (const model of models) rest.delete(model);
      this.pending = rest;
    }
  }

  async #ask(model: string): Promise<ReviewDetail> {
    const detail = await call('review_model', { model });
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(model, detail);
    return detail;
  }
}

export const review = new Review();
