/** Runs the welcome: calls the commands, and tells the state machine what came of them. */
import { call, toErrorView, type SettingsView } from '../../host';
import { currentTest, ending, next, welcome, welcomeForm, type Welcome, type WelcomeEvent } from '../../lib/first-run';
import { route } from '../../state/route.svelte';
import { snacks } from '../../state/snack.svelte';

export class WelcomeModel {
  state = $state.raw<Welcome>(welcome());
  settings = $state.raw<SettingsView | null>(null);

  constructor(readonly onend: () => void = () => {}) {}

  tell(event: WelcomeEvent): void {
    this.state = next(this.state, event);
  }

  async start(): Promise<void> {
    await Promise.all([this.search(), this.#readSettings()]);
  }

  async search(): Promise<void> {
    this.tell({ is: 'searching' });
    try {
      this.tell({ is: 'searched', found: await call('find_proxies', null) });
    } catch (thrown) {
      this.tell({ is: 'search_failed', error: toErrorView(thrown) });
    }
  }

  async test(): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'started', what: 'test' });
    await this.#try(async () => void (await this.#ask()));
  }

  /** Saves the proxy first: a preview is asked of one of the settings. */
  async preview(): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'started', what: 'preview' });
    await this.#try(async () => {
      const name = await this.#save();
      this.tell({ is: 'previewed', preview: await call('preview', { proxy: name }) });
    });
  }

  async finish(): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'started', what: 'finish' });
    await this.#try(async () => {
      if (ending(this.state) === 'watch') return this.#end(null);
      // A key that may not sync is told here, not by a failed run; the button then says what it would do.
      const known = currentTest(this.state);
      const willSync = (known ?? (await this.#ask())).can_sync;
      if (known === null && !willSync) return;
      const name = await this.#save();
      await this.#end(willSync ? name : null);
    });
    // It stopped at what the test said.
    if (this.state.busy !== null) this.tell({ is: 'paused' });
  }

  /** Without a sync; a proxy that a preview has saved stays. */
  async skip(): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'started', what: 'skip' });
    await this.#try(() => this.#end(null));
  }

  async #readSettings(): Promise<void> {
    try {
      this.settings = await call('settings', null);
      this.tell({ is: 'settings', keyStoreProblem: this.settings.key_store_problem, preset: this.settings.preset });
    } catch (thrown) {
      this.tell({ is: 'failed', error: toErrorView(thrown) });
    }
  }

  async #ask() {
    const { edition } = this.state;
    const result = await call('test_proxy', { form: welcomeForm(this.state) });
    this.tell({ is: 'tested', edition, result });
    return result;
  }

  async #save(): Promise<string> {
    const form = welcomeForm(this.state);
    await call('save_proxy', { form });
    this.tell({ is: 'saved', name: form.name });
    return form.name;
  }

  async #end(sync: string | null): Promise<void> {
    const { preset, autostart } = this.state;
    if (preset !== this.settings?.preset) await call('set', { field: 'preset', value: preset });
    if (autostart && this.settings?.autostart !== null) await call('set', { field: 'autostart', value: 'true' });
    await call('end_first_run', null);
    this.onend();
    route.open({ screen: 'overview' });
    // Its steps are seen on the overview; the welcome does not wait for them.
    if (sync !== null) void call('sync', { proxies: [sync], force: false }).catch((thrown: unknown) => snacks.show(toErrorView(thrown).message));
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.tell({ is: 'failed', error: toErrorView(thrown) });
    }
  }
}
