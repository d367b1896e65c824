/** The settings as they hold, and what is typed over them. Each field saves itself; one that is refused stays alone. */
import { call, toErrorView, type ErrorView, type ProxyForm, type SettingField, type SettingsView, type WebhookForm } from '../../host';
import * as form from '../../lib/settings-form';

const SAVED_MS = 2_000;

export class SettingsModel {
  view = $state.raw<SettingsView | null>(null);
  drafts = $state.raw<form.Drafts>({});
  error = $state.raw<ErrorView | null>(null);
  /** What was saved a moment ago, so that its line can say so. */
  justSaved = $state<SettingField | null>(null);
  /** How many fields of open proxy editors were refused. */
  proxyErrors = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Saves go one after another, so that the last answer holds them all. */
  #queue: Promise<unknown> = Promise.resolve();

  async load(): Promise<void> {
    try {
      this.view = await this.#inTurn(() => call('settings', null));
      this.error = null;
    } catch (thrown) {
      this.error = toErrorView(thrown);
    }
  }

  shown(field: SettingField): string {
    return this.view ? form.shownText(this.view, this.drafts, field) : '';
  }

  /** For switches and choices: what was refused is not shown as chosen. */
  held(field: SettingField): string {
    const draft = this.drafts[field];
    return draft?.error && this.view ? form.savedText(this.view, field) : this.shown(field);
  }

  errorOf(field: SettingField): ErrorView | null {
    return this.drafts[field]?.error ?? null;
  }

  type(field: SettingField, text: string): void {
    this.drafts = form.typed(this.drafts, field, text);
  }

  revert(field: SettingField): void {
    this.drafts = form.reverted(this.drafts, field);
  }

  /** Saves what is typed, unless nothing differs or this very text was refused already. */
  async commit(field: SettingField): Promise<void> {
    const draft = this.drafts[field];
    if (!this.view || !draft || draft.error || draft.saving) return;
    if (!form.isDirty(this.view, this.drafts, field)) return this.revert(field);
    await this.set(field, draft.text);
  }

  async set(field: SettingField, text: string): Promise<void> {
    this.drafts = form.sent(this.drafts, field, text);
    try {
      this.view = await this.#inTurn(() => call('set', { field, value: text }));
      this.drafts = form.accepted(this.drafts, field, text);
      this.justSaved = field;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.justSaved = null), SAVED_MS);
    } catch (thrown) {
      this.refuse(field, text, toErrorView(thrown));
    }
  }

  refuse(field: SettingField, text: string, error: ErrorView): void {
    this.drafts = form.refused(this.drafts, field, text, error);
  }

  /** Rejects with what is wrong, for the editor to show. */
  async saveProxy(given: ProxyForm): Promise<void> {
    this.view = await this.#inTurn(() => call('save_proxy', { form: given }));
  }

  async removeProxy(name: string): Promise<void> {
    this.view = await this.#inTurn(() => call('remove_proxy', { proxy: name }));
  }

  /** Rejects with what is wrong, for the editor to show. */
  async saveWebhook(given: WebhookForm): Promise<void> {
    this.view = await this.#inTurn(() => call('save_webhook', { form: given }));
  }

  async removeWebhook(name: string): Promise<void> {
    this.view = await this.#inTurn(() => call('remove_webhook', { webhook: name }));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => {});
    return next;
  }
}

export const settings = new SettingsModel();
