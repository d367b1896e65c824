// A person at the dashboard: a page of a real browser that keeps everything that goes wrong in it.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { atEnd, PATIENCE_MS, until } from './stage.mjs';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const WIDE = { width: 1180, height: 760 };
const NARROW = { width: 760, height: 700 };
/** All of a long page, which scrolls within itself. */
const WHOLE = { width: 1180, height: 2100 };

/** What the browser itself writes for every answer that is no 2xx. Those are counted, and the tests say which are meant. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Keys with a name: their code on Windows, which browsers go by everywhere, and what they type. */
const NAMED = { Enter: [13, '\r'], Escape: [27], Tab: [9], End: [35], ArrowUp: [38], ArrowDown: [40], ' ': [32, ' '] };

/** The events of one key, as the browser's own protocol wants them. */
function eventsOf(name) {
  const [key, modifiers] = name.startsWith('Control+') ? [name.slice(8), 2] : [name, 0];
  // The codes of signs are those of other keys: 46 is a dot, and Delete.
  const [windowsVirtualKeyCode, text] = NAMED[key] ?? [/\w/.test(key) ? key.toUpperCase().charCodeAt(0) : 0, key];
  const all = { key, windowsVirtualKeyCode, modifiers };
  const isText = text !== undefined && modifiers === 0;
  return [isText ? { ...all, type: 'keyDown', text, unmodifiedText: text } : { ...all, type: 'rawKeyDown' }, { ...all, type: 'keyUp' }];
}

let browser;
let pictures;

export async function startBrowser(folder) {
  pictures = folder;
  await mkdir(pictures, { recursive: true });
  browser = await chromium.launch({
    // `cargo xtask test` names the one that it found; by hand, on Debian, there is this one.
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  atEnd(() => browser.close());
}

export class Visitor {
  #troubles = [];
  #refusals = 0;
  #isLost = false;

  /** Opens the dashboard at a place like `#/models`. */
  static async open(board, place = '', { address = board.address, before } = {}) {
    const visitor = new Visitor();
    visitor.board = board;
    const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-GB', colorScheme: 'light' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: board.origin });
    const page = (visitor.page = await context.newPage());
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      if (visitor.#isLost && message.text().includes('net::ERR_')) return;
      if (!REFUSED.test(message.text())) visitor.#troubles.push(`console: ${message.text()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400 && !response.url().endsWith('/api/events')) visitor.#refusals += 1;
    });
    page.on('pageerror', (error) => visitor.#troubles.push(`error: ${error.stack ?? error}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(board.origin)) visitor.#troubles.push(`asked another host: ${request.url()}`);
    });
    // Also what a policy stops without a word in the console.
    await page.exposeFunction('toldViolation', (what) => visitor.#troubles.push(`policy: ${what}`));
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => window.toldViolation(`${event.violatedDirective} ${event.blockedURI}`)));
    await page.addInitScript({ content: axeSource });
    await before?.(page);
    await page.goto(address);
    // The token is taken out of the address first; another place before that would lose it.
    await page.locator('#app > *').first().waitFor({ state: 'attached' });
    if (place) await visitor.go(place);
    return visitor;
  }

  /** Opens a place as a link would, and waits until its screen is there; what that asks for comes later. */
  async go(place) {
    await this.page.evaluate((hash) => new Promise((shown) => {
      const before = location.hash;
      location.hash = hash;
      if (location.hash === before) return shown();
      // The dashboard listens since before, so it has drawn the place by then.
      addEventListener('hashchange', () => shown(), { once: true });
    }), place);
  }

  /**
   * Keys of somebody who waits for nothing: all of them are on their way while the page still does something else.
   * A text is typed letter by letter; `Control+k` and `Enter` are keys.
   */
  async rush(...keys) {
    const devtools = await this.page.context().newCDPSession(this.page);
    const busy = this.page.evaluate(() => {
      for (const end = performance.now() + 150; performance.now() < end; );
    });
    const events = keys.flatMap((key) => (key.length > 1 && !(key in NAMED) && !key.startsWith('Control+') ? [...key] : [key])).flatMap(eventsOf);
    await Promise.all([busy, ...events.map((event) => devtools.send('Input.dispatchKeyEvent', event))]);
    await devtools.detach();
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  text(text) {
    return this.page.getByText(text);
  }

  async sees(...texts) {
    for (const text of texts) await this.text(text).first().waitFor();
  }

  /** What `work` does is told in a message that goes again after some seconds, so it is looked for from before on. */
  async told(text, work) {
    await Promise.all([this.sees(text), work()]);
  }

  /** So many commands were refused since the last time, and that was meant. The page may know it before we are told. */
  async meantRefusals(least = 1) {
    await until(() => this.#refusals >= least, `${least} refusals`);
    this.#refusals = 0;
  }

  /** From now on nobody answers. */
  losesServer() {
    this.#isLost = true;
  }

  /** The state is in order: in light and dark, without an axe finding, an overflow or an error; and a picture of each. */
  async look(name, { narrow = false, whole = false } = {}) {
    const { page } = this;
    for (const [size, viewport] of [['', whole ? WHOLE : WIDE], ...(narrow ? [['-760', NARROW]] : [])]) {
      await page.setViewportSize(viewport);
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await this.#rest();
        await page.screenshot({ path: join(pictures, `${name}${size}-${scheme}.png`) });
        await this.#accessible(`${name}${size} ${scheme}`);
      }
      await this.#fits(`${name}${size}`);
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize(WIDE);
    await this.#rest();
    this.fine(name);
  }

  /** The same for people who ask for more contrast, and for those whose system chooses the colours (Windows' high contrast). */
  async lookInHighContrast(name) {
    const { page } = this;
    for (const scheme of ['light', 'dark']) {
      for (const [mode, media] of [['more', { contrast: 'more' }], ['forced', { forcedColors: 'active' }]]) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce', contrast: null, forcedColors: null, ...media });
        await this.#rest();
        await page.screenshot({ path: join(pictures, `${name}-${mode}-${scheme}.png`) });
        // Of forced colours a page is not told, so axe would judge those that are not shown.
        await this.#accessible(`${name} ${mode} ${scheme}`, mode === 'forced' ? ['color-contrast'] : []);
      }
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', contrast: null, forcedColors: null });
    await this.#rest();
    this.fine(name);
  }

  /** Nothing went wrong that was not meant. */
  fine(name) {
    assert.deepEqual(this.#troubles.splice(0), [], name);
    assert.equal(this.#refusals, 0, `${name}: a command was refused`);
  }

  async close() {
    this.fine('until the end');
    await this.page.context().close();
  }

  /** Two frames: what follows from another size or colour is drawn. */
  async #rest() {
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  async #accessible(name, without = []) {
    const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    const found = await this.page.evaluate(async (rules) => {
      const { violations } = await window.axe.run(document, { resultTypes: ['violations'], rules });
      return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 5).map(({ html, any, all, none }) => `${id}: ${help}: ${html.slice(0, 200)} ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`));
    }, rules);
    assert.deepEqual(found, [], name);
  }

  /** Neither the page nor a pane of it can be moved sideways, and no text stands out of its box. */
  async #fits(name) {
    const wide = await this.page.evaluate(() => {
      const found = [];
      const name = (element) => `${element.tagName.toLowerCase()}.${element.className} "${(element.textContent ?? '').trim().slice(0, 60)}"`;
      if (document.documentElement.scrollWidth > window.innerWidth) found.push('the page');
      for (const element of document.querySelectorAll('#app *')) {
        if (!(element instanceof HTMLElement) || element.closest('.log') || element.classList.contains('vh')) continue;
        const { overflowX } = getComputedStyle(element);
        if ((overflowX === 'auto' || overflowX === 'scroll') && element.scrollWidth > element.clientWidth + 1 && !['TEXTAREA', 'INPUT'].includes(element.tagName)) found.push(name(element));
        const box = element.getBoundingClientRect();
        const isShown = box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true });
        if (isShown && !element.closest('.vh, [popover]') && (box.right > window.innerWidth + 1 || box.left < -1)) {
          // Text that is cut with an ellipsis ends where its box ends.
          let cut = element.parentElement;
          while (cut && getComputedStyle(cut).overflowX === 'visible') cut = cut.parentElement;
          if (!cut || cut.getBoundingClientRect().right > window.innerWidth + 1) found.push(`beyond the window: ${name(element)}`);
        }
      }
      return found.slice(0, 5);
    });
    assert.deepEqual(wide, [], `${name} can be scrolled sideways`);
  }
}
