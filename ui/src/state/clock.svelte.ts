/** One clock for all relative times, so that the page has one timer and no two texts disagree. */

const CALM_MS = 15_000;
const LIVE_MS = 1_000;

class Clock {
  #now = $state(Date.now());
  /** The program's time less ours: a browser may run on another machine's clock. */
  #skew = 0;
  #lives = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Milliseconds since 1970, as the program counts. */
  get now(): number {
    return this.#now;
  }

  /** Follows the program's own time. Small differences are only the way here. */
  follow(programTime: string): void {
    const skew = Date.parse(programTime) - Date.now();
    if (Number.isNaN(skew)) return;
    if (Math.abs(skew - this.#skew) > 2_000) this.#skew = skew;
    this.#tick();
  }

  /** Ticks every second until the returned function is called: something runs. */
  quicken(): () => void {
    this.#lives += 1;
    this.#plan();
    return () => {
      this.#lives -= 1;
      this.#plan();
    };
  }

  start(): void {
    document.addEventListener('visibilitychange', () => this.#tick());
    this.#tick();
  }

  #tick(): void {
    this.#now = Date.now() + this.#skew;
    this.#plan();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    // Nobody reads times in a hidden window.
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.#tick(), this.#lives > 0 ? LIVE_MS : CALM_MS);
  }
}

export const clock = new Clock();
