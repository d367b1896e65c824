// The whole of it without a pointer.
import assert from 'node:assert/strict';
import { historyBoard } from './parts.mjs';
import { until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/overview');
  const { page } = visitor;
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const at = (hash) => page.waitForURL((url) => url.hash.startsWith(hash));
  const palette = page.getByRole('combobox', { name: 'Search or run a command' });

  await test('keyboard: the six screens, back and forward', async () => {
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    for (const [index, screen] of ['overview', 'changes', 'models', 'review', 'history', 'settings'].entries()) {
      await press(`Control+${index + 1}`);
      await at(`#/${screen}`);
    }
    await press('Alt+ArrowLeft');
    await at('#/history');
    await press('Alt+ArrowRight');
    await at('#/settings');
  });

  await test('keyboard: the palette finds a screen, a model and a command', async () => {
    await press('Control+k');
    await palette.waitFor();
    await visitor.look('palette', { narrow: true });
    await page.keyboard.type('changes');
    await press('Enter');
    await at('#/changes');
    await press('Control+k');
    await page.keyboard.type('gpt-4o-mini-audio');
    await page.getByRole('option', { name: /gpt-4o-mini-audio/ }).first().waitFor();
    await visitor.look('palette-model');
    await press('ArrowDown', 'ArrowUp', 'Enter');
    await at('#/models/');
    await press('Control+k');
    await page.keyboard.type('zzzz nothing');
    await visitor.sees('No matches.');
    await visitor.look('palette-nothing');
    await press('Escape');
    await palette.waitFor({ state: 'detached' });
    for (const theme of ['dark', 'light']) {
      await press('Control+k');
      await page.keyboard.type('switch between');
      await press('Enter');
      await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
      // Shown at once, and kept a moment later: what is asked for next must not be overtaken by it.
      await until(async () => (await board.call('state')).theme === theme, `the theme ${theme} is kept`);
    }
    await board.call('set', { field: 'theme', value: 'system' });
  });

  await test('keyboard: the sheet of keys, and the search of a screen', async () => {
    await press('Control+3');
    await page.getByRole('grid', { name: 'Models' }).waitFor();
    await press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await visitor.look('shortcuts', { narrow: true });
    await press('Escape');
    await press('/');
    await page.keyboard.type('claude');
    assert.equal(await page.getByRole('searchbox').inputValue(), 'claude');
    await press('ArrowDown', 'ArrowDown', 'Enter');
    await page.getByRole('complementary').getByRole('heading', { name: 'Price history' }).waitFor();
    await press('Escape', 'Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  await test('keyboard: everything on a page is reached with Tab, and shows it', async () => {
    await press('Control+1');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.evaluate(() => document.activeElement?.blur());
    const wanted = await page.locator('#app :is(a[href], button:not([disabled]), input, select)').count();
    const seen = new Set();
    for (let step = 0; step < wanted; step += 1) {
      await press('Tab');
      const focus = await page.evaluate(() => {
        const element = document.activeElement;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return { name: element.outerHTML.slice(0, 120), isShown: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' };
      });
      if (focus.name.startsWith('<body')) continue; // the browser's own turn
      assert.ok(focus.isShown, `no focus to be seen: ${focus.name}`);
      seen.add(focus.name);
    }
    assert.ok(seen.size >= wanted - 1, `${seen.size} of ${wanted} were reached`);
    await visitor.look('focus');
    await visitor.close();
  });
}
