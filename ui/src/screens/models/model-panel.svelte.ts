/** The model beside the list: what is known of it, and what was verified. */
import { call, toErrorView, type ErrorView, type ModelDetail, type VerifyView } from '../../host';
import { Answer } from '../../state/answer.svelte';

/** Details are kept while one walks up and down the list. */
const KEPT = 60;
/** So long a row must stay chosen before it is asked for, once another one is shown already. */
const PAUSE_MS = 60;

export class ModelPanel {
  readonly detail = new Answer<ModelDetail>();
  /** The last answer, only while it is of the model that is shown. */
  verified = $state.raw<VerifyView | null>(null);
  verifyError = $state.raw<ErrorView | null>(null);
  isVerifying = $state(false);

  #known = new Map<string, ModelDetail>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #verifying: string | null = null;

  /** Shows this model; null shows none. */
  show(model: string | null): void {
    clearTimeout(this.#timer);
    // What is being verified may be asked for before it is shown.
    if (model !== this.#verifying) this.#drop();
    const known = model === null ? undefined : this.#known.get(model);
    if (model === null || known !== undefined) {
      this.detail.put(known);
      return;
    }
    const ask = () => void this.detail.ask(() => this.#ask(model));
    if (this.detail.value === undefined) ask();
    else this.#timer = setTimeout(ask, PAUSE_MS);
  }

  /** Another map is promoted: nothing that was read before counts. */
  forget(): void {
    this.#known.clear();
  }

  async verify(model: string, proxy: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.#verifying = model;
    this.verified = this.verified?.model === model ? this.verified : null;
    this.verifyError = null;
    this.isVerifying = true;
    try {
      const answer = await call('verify', { model, proxy });
      if (turn !== this.#turn) return;
      this.verified = answer;
      this.verifyError = null;
    } catch (thrown) {
      if (turn === this.#turn) this.verifyError = toErrorView(thrown);
    } finally {
      if (turn === this.#turn) this.isVerifying = false;
    }
  }

  #drop(): void {
    this.#turn++;
    this.#verifying = null;
    this.verified = null;
    this.verifyError = null;
    this.isVerifying = false;
  }

  async #ask(model: string): Promise<ModelDetail> {
    const detail = await call('model', { model });
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(model, detail);
    return detail;
  }
}
