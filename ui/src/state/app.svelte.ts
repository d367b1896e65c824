/** The state of the program as the dashboard knows it. One way only: host → here → screens. */
import { call, host, toErrorView, type AppState, type ErrorView } from '../host';
import { newer } from '../lib/newest';
import { clock } from './clock.svelte';
import { route } from './route.svelte';

/** While somebody looks the program is told so often; it asks proxies as often then. */
const LOOKING_MS = 30_000;

class App {
  #state = $state.raw<AppState | null>(null);
  /** Why there is no state at all. */
  error = $state.raw<ErrorView | null>(null);
  /** The program answers. */
  isLinked = $state(true);
  /** The state is being asked for again while the last known one stays. */
  isRefreshing = $state(false);

  /** So many proxies have told by now which models they use. */
  heard = $derived(this.#state?.proxies.filter(({ asked_at }) => asked_at !== null).length ?? 0);

  /** `null` only before the very first answer. */
  get state(): AppState | null {
    return this.#state;
  }

  /** Subscribes first and then asks, so that no change falls between. */
  start(): () => void {
    const stopEvents = host().listen((event) => {
      if (event.event === 'state') this.take(event.state);
      else route.open(event.place);
    });
    const stopLink = host().link((isUp) => {
      const isBack = isUp && !this.isLinked;
      this.isLinked = isUp;
      if (isBack) void this.refresh();
    });
    void this.refresh();
    const stopLooking = this.#look();
    return () => {
      stopEvents();
      stopLink();
      stopLooking();
    };
  }

  /** Says that somebody looks, as long as the page can be seen. That it cannot be said is no matter: the next time it is. */
  #look(): () => void {
    const say = () => {
      if (!document.hidden) call('looking', null).catch(() => undefined);
    };
    const timer = setInterval(say, LOOKING_MS);
    document.addEventListener('visibilitychange', say);
    say();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', say);
    };
  }

  async refresh(): Promise<void> {
    this.isRefreshing = true;
    try {
      this.take(await call('state', null));
    } catch (thrown) {
      this.error = toErrorView(thrown);
    } finally {
      this.isRefreshing = false;
    }
  }

  take(given: AppState): void {
    this.#state = newer(this.#state, given);
    this.error = null;
    clock.follow(this.#state.now);
  }
}

export const app = new App();
