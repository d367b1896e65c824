// The figures of docs/PERFORMANCE.md that need a browser: measured and printed, never judged. Not among the tests;
// `cargo xtask bench desktop` runs it. Processor time is the browser's own account of it (DevTools, Performance.getMetrics).
import { historyBoard } from './parts.mjs';
import { Visitor } from './visitor.mjs';

/** Each action so many times; the middle one is told. */
const TIMES = 15;

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** From the moment that the browser was told of a key to the frame that shows what it changed, in milliseconds. */
function keyToFrame(gridName) {
  window.shown = new Promise((done) => {
    const grid = document.querySelector(`[role=grid][aria-label="${gridName}"]`);
    const typed = (event) => {
      const changed = new MutationObserver(() => {
        changed.disconnect();
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => done(performance.now() - event.timeStamp);
          port2.postMessage(null);
        });
      });
      changed.observe(grid, { subtree: true, childList: true, attributes: true, characterData: true });
    };
    document.addEventListener('keydown', typed, { capture: true, once: true });
  });
}

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/models');
  const { page } = visitor;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const metrics = async () => Object.fromEntries((await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value * 1000]));
  const calm = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))));

  /** `action` again and again, each time after `before`; it may answer with a time of its own. */
  async function figure(name, before, action) {
    const turns = [];
    for (let turn = 0; turn < TIMES; turn++) {
      await before(turn);
      await calm();
      const from = await metrics();
      const wall = await action(turn);
      await calm();
      const to = await metrics();
      turns.push({ script: to.ScriptDuration - from.ScriptDuration, layout: to.LayoutDuration + to.RecalcStyleDuration - from.LayoutDuration - from.RecalcStyleDuration, wall });
    }
    const of = (part) => middle(turns.map((turn) => turn[part])).toFixed(1).padStart(6);
    console.log(`${name.padEnd(52)} script ${of('script')} ms, style and layout ${of('layout')} ms${turns[0].wall === undefined ? '' : `, key to frame ${of('wall')} ms`}`);
  }

  const search = page.getByRole('searchbox');
  const clear = () => search.fill('');
  async function key(grid, turn) {
    await search.focus();
    await page.evaluate(keyToFrame, grid);
    await page.keyboard.press('cgaomb'[turn % 6]);
    return page.evaluate(() => window.shown);
  }
  const rows = async (name) => Number(await page.getByRole('grid', { name }).getAttribute('aria-rowcount')) - 1;

  await test('figures: models', async () => {
    await page.getByRole('grid', { name: 'Models' }).waitFor();
    console.log(`${await rows('Models')} models`);
    await figure('models: a key typed into the search', clear, (turn) => key('Models', turn));
    await clear();
    const column = (name) => page.getByRole('columnheader').getByRole('button', { name });
    await figure('models: sort by another column', () => column(/^Model/).click(), async (turn) => void (await column(['In / 1M', 'Out / 1M', 'Context'][turn % 3]).click()));
  });

  await test('figures: changes', async () => {
    await visitor.go('#/changes');
    const grid = page.getByRole('grid', { name: 'Changes' });
    await grid.waitFor();
    // With kinds chosen, groups are not cut.
    for (const chip of await page.getByRole('group', { name: 'Kinds of change' }).getByRole('button').all()) await chip.click();
    console.log(`${await rows('Changes')} rows of changes`);
    await figure('changes: a key typed into the filter', clear, (turn) => key('Changes', turn));
    await clear();
    const scroll = (top) => grid.evaluate((element, to) => void (element.scrollTop = to), top);
    await figure('changes: a jump of 5,000 px, all rows new', (turn) => scroll(turn * 6000), (turn) => scroll(turn * 6000 + 5000));
  });
}
