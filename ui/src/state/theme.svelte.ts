/** Light or dark on the page, always resolved: the styles know no third case. */
const KEY = 'auto-sync.theme';

export type Theme = 'system' | 'light' | 'dark';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function isTheme(text: string | null): text is Theme {
  return text === 'system' || text === 'light' || text === 'dark';
}

class ThemeState {
  #chosen = $state<Theme>('system');

  get chosen(): Theme {
    return this.#chosen;
  }

  /** What is shown now. */
  get shown(): 'light' | 'dark' {
    return document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light';
  }

  /** Before the first paint, from what was last known, so that nothing flashes. */
  start(): void {
    const last = localStorage.getItem(KEY);
    this.apply(isTheme(last) ? last : 'system');
    dark.addEventListener('change', () => this.apply(this.#chosen));
  }

  apply(theme: string): void {
    this.#chosen = isTheme(theme) ? theme : 'system';
    localStorage.setItem(KEY, this.#chosen);
    const shown = this.#chosen === 'system' ? (dark.matches ? 'dark' : 'light') : this.#chosen;
    document.documentElement.dataset['theme'] = shown;
  }
}

export const theme = new ThemeState();
