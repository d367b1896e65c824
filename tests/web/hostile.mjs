// Names from a map are text, whatever they look like.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OLD } from './parts.mjs';
import { autosync, Dashboard, folder, makeHome, map, quietSettings } from './stage.mjs';
import { Visitor } from './visitor.mjs';

const MARKUP = '<img src=x onerror="window.wasRun=1"><b class=injected>bold</b>';
const TURNED = 'anthropic/\u202e4-tpg/ianepo\u202c\u200b';
const LONG = `long/${'abcdefghij'.repeat(29)}12345`; // 300 characters
const NAMES = [MARKUP, TURNED, LONG, '"><script>window.wasRun=1</script>', '{{constructor.constructor("window.wasRun=1")()}}', 'a\u0000b\nc', '[click](javascript:window.wasRun=1)'];

/** Its mode has no name, and two of its fields look the same. */
const EMPTY = 'nothing/in-it';

/** A real map with these entries in front. */
async function hostile(price) {
  const entry = { litellm_provider: '<i class=injected>provider</i>', mode: 'chat', input_cost_per_token: price, output_cost_per_token: price * 4, max_input_tokens: 1000, source: '<a class=injected href="javascript:window.wasRun=1">x</a>' };
  const own = Object.fromEntries(NAMES.map((name) => [name, entry]));
  own[EMPTY] = { litellm_provider: 'nothing', mode: '', input_cost_per_token: price, supports_a_b: true, 'supports_a b': true, 'a.b': 1, a: { b: 2 } };
  const text = (await map(OLD)).toString();
  return `${JSON.stringify(own).slice(0, -1)},${text.slice(text.indexOf('{') + 1)}`;
}

export default async function (test) {
  const source = join(folder, 'hostile.json');
  const home = await makeHome('hostile', quietSettings(source));
  for (const price of [0.000001, 0.000002]) {
    await writeFile(source, await hostile(price));
    await autosync(home, 'sync');
  }
  const board = await Dashboard.start(home);
  await board.call('end_first_run');
  const visitor = await Visitor.open(board, '#/changes');
  const { page } = visitor;
  const harmless = async () => {
    assert.equal(await page.locator('#app :is(.injected, img, iframe, script)').count(), 0);
    assert.equal(await page.evaluate(() => window.wasRun), undefined);
    // What cannot be seen is shown as a sign of its own.
    assert.doesNotMatch(await page.locator('#app').innerText(), /[\u202a-\u202e\u200b\u0000]/);
  };

  await test('hostile names in the changes', async () => {
    await page.getByRole('grid', { name: 'Changes' }).waitFor();
    const found = await board.call('changes', { from: null, to: null });
    const names = new Set(found.groups.flatMap(({ rows }) => rows.map(({ model }) => model)));
    for (const name of [...NAMES, EMPTY]) assert.ok(names.has(name), name);
    await visitor.look('hostile-changes', { narrow: true });
    await harmless();
    await visitor.button('Copy changes').click();
    await visitor.told(/^Copied .* as Markdown$/, () => page.getByRole('menuitem', { name: /Markdown/ }).click());
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.includes(`\`${MARKUP}\``)); // as code, where markup is none
    assert.doesNotMatch(text, /\u202e/);
  });

  await test('hostile names in the models', async () => {
    await visitor.go('#/models');
    await page.getByRole('grid', { name: 'Models' }).waitFor();
    await visitor.look('hostile-models', { narrow: true });
    await harmless();
    for (const [index, name] of [...NAMES, EMPTY].entries()) {
      await visitor.go(`#/models/${encodeURIComponent(name)}`);
      // The model before stays for the moment that the next one takes.
      await page.locator('.panel-body:not(.old)').getByRole('heading', { name: 'All fields' }).waitFor();
      await harmless();
      if (index < 3) await visitor.look(`hostile-model-${index + 1}`, { narrow: index === 2 });
    }
  });

  await test('hostile names in the palette', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('long/abc');
    const found = page.getByRole('listbox', { name: 'Found' }).getByRole('option');
    await found.filter({ hasText: 'long/abc' }).waitFor();
    await harmless();
    await visitor.look('hostile-palette');
    await page.getByRole('combobox', { name: 'Search or run a command' }).fill('onerror');
    await found.filter({ hasText: 'onerror' }).waitFor();
    await harmless();
    await page.keyboard.press('Escape');
    await visitor.close();
  });
  await board.stop();
}
