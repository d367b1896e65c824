/** Runs the welcome: calls the commands, and tells the state machine what came of them. */
import { call, toErrorView, type ProxyForm, type SettingsView } from '../../host';
import { currentTest, ending, keepsProxy, next, welcome, welcomeForm, type Welcome, type WelcomeEvent } from '../../lib/first-run';
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

  /** Looks at what is typed, and saves nothing. What a test stops at would stop the preview too. */
  async preview(): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'started', what: 'preview' });
    await this.#try(async () => {
      const { edition } = this.state;
      const known = currentTest(this.state) ?? (await this.#ask());
      if (!known.can_read || known.other_source) return;
      const preview = await call('preview_draft', this.#typed());
      if (edition === this.state.edition) this.tell({ is: 'previewed', preview });
    });
    this.#pause();
  }

  /** The source here becomes the one that the proxy reads, or goes back to what the settings have; nothing is saved yet. */
  async useSource(source: string | null): Promise<void> {
    if (this.state.busy !== null) return;
    this.tell({ is: 'source', source });
    await this.test();
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
    this.#pause();
  }

  /** Without a sync: with the proxy where a person looked at it, else without. */
  async skip(): Promise<void> {
    if (this.state.busy !== null) return;
    const keeps = keepsProxy(this.state);
    this.tell({ is: 'started', what: 'skip' });
    await this.#try(async () => {
      if (keeps) await this.#save();
      await this.#end(null);
    });
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
    const result = await call('test_proxy', this.#typed());
    this.tell({ is: 'tested', edition, result });
    return result;
  }

  #typed(): { form: ProxyForm; source: string | null } {
    return { form: welcomeForm(this.state), source: this.state.source };
  }

  async #save(): Promise<string> {
    const { source } = this.state;
    if (source !== null) await call('set', { field: 'source', value: source });
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

  /** It stopped at what the test said. */
  #pause(): void {
    if (this.state.busy !== null) this.tell({ is: 'paused' });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.tell({ is: 'failed', error: toErrorView(thrown) });
    }
  }
}
