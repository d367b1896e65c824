// The real difference between two real maps.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { historyBoard } from './parts.mjs';
import { until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const truth = await board.call('changes', { from: null, to: null });
  const visitor = await Visitor.open(board, '#/changes');
  const { page } = visitor;
  const grid = page.getByRole('grid', { name: 'Changes' });
  const rows = async () => Number(await grid.getAttribute('aria-rowcount')) - 1;
  const clip = () => page.evaluate(() => navigator.clipboard.readText());

  await test('changes: thousands of rows of a real difference', async () => {
    await grid.waitFor();
    assert.ok(truth.groups.reduce((sum, { rows }) => sum + rows.length, 0) > 1000);
    const repriced = truth.groups.find(({ kind }) => kind === 'repriced');
    await visitor.button(new RegExp(`^${repriced.models} repriced`, 'i')).waitFor();
    await visitor.look('changes', { narrow: true });
  });

  await test('changes: chips choose kinds', async () => {
    const chip = page.getByRole('group', { name: 'Kinds of change' }).getByRole('button', { name: / new/i });
    await chip.click();
    await chip.and(page.locator('[aria-pressed=true]')).waitFor();
    const fresh = truth.groups.find(({ kind }) => kind === 'new');
    await until(async () => (await rows()) === fresh.rows.length + 1, 'the new models and their head');
    await visitor.look('changes-chip');
    await grid.press('End');
    const last = grid.locator('[aria-selected=true]');
    await last.waitFor();
    await visitor.look('changes-end');
    await chip.click();
    await chip.and(page.locator('[aria-pressed=false]')).waitFor();
  });

  await test('changes: a text finds models and fields, and what finds nothing says so', async () => {
    const field = page.getByRole('searchbox');
    await field.fill('gpt-4o-mini-audio');
    await page.waitForFunction(() => {
      const cells = [...document.querySelectorAll('[data-row]:is(.is-row, .is-sum) .mn')];
      return cells.length > 0 && cells.every((cell) => cell.title.includes('gpt-4o-mini-audio'));
    });
    await field.fill('no model is called that');
    await visitor.sees('No changes match these filters.');
    await visitor.look('changes-no-match', { narrow: true });
    await visitor.button('Clear filters').click();
    await grid.waitFor();
  });

  await test('changes: what is copied as Markdown is what is shown', async () => {
    await page.getByRole('searchbox').fill('azure/gpt-4o-mini-audio-preview-2024-12-17');
    await visitor.button('Copy changes').click();
    await visitor.page.getByRole('menuitem', { name: /Markdown/ }).waitFor();
    await visitor.look('changes-copy-menu');
    await visitor.told(/^Copied \d+ rows? as Markdown$/, () => page.getByRole('menuitem', { name: /Markdown/ }).click());
    const text = await clip();
    assert.match(text, new RegExp(`^# Changes ${truth.from.revision.slice(0, 7)} → ${truth.to.revision.slice(0, 7)}\n`));
    const model = 'azure/gpt-4o-mini-audio-preview-2024-12-17';
    const wanted = truth.groups.find(({ kind }) => kind === 'repriced').rows.filter((row) => row.model === model);
    assert.ok(wanted.length >= 2);
    for (const { before, after } of wanted) {
      assert.ok(text.split('\n').some((line) => line.includes(`\`${model}\``) && line.includes(` ${before ?? '—'} `) && line.includes(` ${after ?? '—'} `)), `${before} → ${after}`);
    }
  });

  await test('changes: the exported files hold what is shown', async () => {
    const model = 'azure/gpt-4o-mini-audio-preview-2024-12-17';
    const wanted = truth.groups.flatMap(({ rows }) => rows).filter((row) => row.model === model);
    for (const [name, ending, models] of [
      [/CSV/, 'csv', (text) => text.split(/\r?\n/).filter((line) => line.includes(model)).length],
      [/JSON/, 'json', (text) => JSON.stringify(JSON.parse(text)).split(JSON.stringify(model)).length - 1],
    ]) {
      const coming = page.waitForEvent('download');
      await visitor.button('Export changes').click();
      const fileName = `changes-${truth.from.revision.slice(0, 7)}-${truth.to.revision.slice(0, 7)}.${ending}`;
      await visitor.told(`Saved ${fileName} to the browser’s downloads`, () => page.getByRole('menuitem', { name }).click());
      const file = await coming;
      assert.equal(file.suggestedFilename(), fileName);
      assert.equal(models(await readFile(await file.path(), 'utf8')), wanted.length, ending);
    }
    await page.getByRole('searchbox').fill('');
  });

  await test('changes: by keyboard a cause is unfolded, to one of its models and back', async () => {
    const chosen = grid.locator('[aria-selected=true]');
    await grid.focus();
    await page.keyboard.press('Home');
    // Causes of one model come first as often as those of several.
    for (let row = 0; row < 5 && (await chosen.locator('.unfold').count()) === 0; row += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await chosen.locator('[aria-expanded=true]').waitFor();
    await visitor.look('changes-cause');
    await page.keyboard.press('ArrowDown');
    const name = await chosen.locator('.of-cause').getAttribute('title');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.hash.startsWith('#/models/'));
    await page.getByRole('heading', { name: 'Price history' }).waitFor();
    await page.keyboard.press('Alt+ArrowLeft');
    await grid.waitFor();
    assert.equal(await chosen.locator('.of-cause').getAttribute('title'), name);
  });

  await test('changes: a model is one row, and unfolds to its fields', async () => {
    const model = 'azure/gpt-4o-mini-audio-preview-2024-12-17';
    const fields = truth.groups.find(({ kind }) => kind === 'repriced').rows.filter((row) => row.model === model);
    assert.ok(fields.length >= 2);
    await page.getByRole('searchbox').fill(model);
    const sum = grid.locator('.is-sum').first();
    await sum.waitFor();
    assert.equal(await grid.locator('.is-field').count(), 0);
    await grid.focus();
    await page.keyboard.press('Home');
    // What the checks said of it comes first.
    const chosen = grid.locator('.is-sum[aria-selected=true]');
    for (let row = 0; row < 5 && (await chosen.count()) === 0; row += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await until(async () => (await grid.locator('.is-field').count()) === fields.length, 'the fields of the model');
    await visitor.look('changes-unfolded', { narrow: true });
    await page.keyboard.press('ArrowLeft');
    await until(async () => (await grid.locator('.is-field').count()) === 0, 'the folded model');
    await page.getByRole('searchbox').fill('');
  });

  await test('changes: the other way round', async () => {
    await visitor.go(`#/changes?from=${truth.to.revision}&to=${truth.from.revision}`);
    await visitor.sees(/back (in time|1 revision)/);
    await visitor.look('changes-back');
    await visitor.go(`#/changes?from=${'0'.repeat(40)}&to=${truth.to.revision}`);
    await visitor.button('Show the newest changes').waitFor();
    await visitor.meantRefusals();
    await visitor.look('changes-unknown');
    await visitor.button('Show the newest changes').click();
    // The list was there all the time, with what was known last.
    await visitor.button('Show the newest changes').waitFor({ state: 'detached' });
    await grid.waitFor();
    await visitor.close();
  });
}
