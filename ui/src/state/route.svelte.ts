/** Where the dashboard is. The address holds it, so back, forward and reload work. */
import { untrack } from 'svelte';
import type { Place } from '../host';
import { hrefTo, parseSpot, type Spot } from '../lib/place';

class Route {
  #spot = $state.raw<Spot>(parseSpot(''));
  /** The address that was read last. */
  #hash = '';
  #visits = $state(0);

  get place(): Place {
    return this.#spot.place;
  }

  /** What only the screen knows: filters, the proxy whose runs are shown. */
  get extra(): Readonly<Record<string, string>> {
    return this.#spot.extra;
  }

  /** Grows with each `open`, also of the place where one is. */
  get visits(): number {
    return this.#visits;
  }

  start(): void {
    // A link or a step back is told of first by `popstate`; `hashchange` comes a task later.
    for (const event of ['popstate', 'hashchange']) window.addEventListener(event, () => this.#read());
    this.#read();
  }

  /** Goes there, as a step that "back" undoes. */
  open(place: Place, extra: Readonly<Record<string, string>> = {}): void {
    const href = hrefTo(place, extra);
    // An effect that opens a place must not run again for it.
    this.#visits = untrack(() => this.#visits) + 1;
    if (href === location.hash) return;
    location.hash = href;
    // At once: a key that is pressed before the browser tells of it is meant for the new screen.
    this.#read();
  }

  /** Changes the address without a step in the history: a filter, a chosen row. */
  replace(place: Place, extra: Readonly<Record<string, string>> = {}): void {
    history.replaceState(history.state, '', hrefTo(place, extra));
    this.#read();
  }

  #read(): void {
    if (location.hash === this.#hash) return;
    this.#hash = location.hash;
    this.#spot = parseSpot(this.#hash);
  }
}

export const route = new Route();

/** Where the gateway is set up: own prices, pins and reviews need it. */
export function toGateway(): void {
  route.open({ screen: 'settings', section: 'gateway', proxy: null });
}
