// Every entry of a real map.
import assert from 'node:assert/strict';
import { historyBoard } from './parts.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const truth = await board.call('models');
  const visitor = await Visitor.open(board, '#/models');
  const { page } = visitor;
  const grid = page.getByRole('grid', { name: 'Models' });
  const search = page.getByRole('searchbox');
  const rows = async () => Number(await grid.getAttribute('aria-rowcount')) - 1;
  const cell = (row, column) => grid.locator(`[data-row="${row}"] > [role=gridcell]`).nth(column);

  await test('models: all entries, searched, sorted and filtered', async () => {
    await grid.waitFor();
    assert.equal(await rows(), truth.rows.length);
    assert.ok(truth.rows.length > 4500);
    await visitor.look('models', { narrow: true });
    await grid.press('End');
    await cell(truth.rows.length - 1, 0).waitFor();
    await search.fill('claude opus');
    await page.waitForFunction(() => {
      const cells = [...document.querySelectorAll('[data-row] .mn')];
      return cells.length > 0 && cells.every((cell) => /claude.*opus/i.test(cell.title));
    });
    assert.ok((await rows()) > 10);
    await page.getByRole('columnheader').getByRole('button', { name: 'In / 1M' }).click();
    await page.getByRole('columnheader', { name: /In \/ 1M/ }).and(page.locator('[aria-sort=ascending], [aria-sort=descending]')).waitFor();
    const prices = (await grid.locator('[data-row] > [role=gridcell]:nth-child(3)').allTextContents()).map((text) => Number(text.replaceAll(',', ''))).filter((price) => !Number.isNaN(price));
    const ordered = [...prices].sort((a, b) => a - b);
    assert.ok(prices.join() === ordered.join() || prices.join() === ordered.reverse().join(), prices.join());
    await page.getByLabel('Provider').selectOption('anthropic');
    assert.ok(await rows() > 0);
    await visitor.look('models-filtered');
    await search.fill('no model is called that');
    await visitor.sees('No models match this search.');
    await visitor.look('models-no-match');
    await visitor.button('Clear search and filters').click();
    await grid.waitFor();
  });

  await test('models: an entry in depth, with the prices that it had', async () => {
    await visitor.go('#/models/azure%2Fgpt-4o-mini-audio-preview-2024-12-17');
    await page.getByRole('complementary').getByRole('heading', { name: 'Price history' }).waitFor();
    await visitor.sees('No proxy has been added to read this model from.');
    await visitor.look('model-panel', { narrow: true });
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  await test('models: held entries say why', async () => {
    const held = truth.rows.find(({ held }) => held);
    await visitor.go(`#/models/${encodeURIComponent(held.name)}`);
    await page.getByRole('heading', { name: 'Needs review' }).waitFor();
    await visitor.look('model-held');
  });

  await test('models: why one is not there', async () => {
    await visitor.go('#/models/GPT-4o-Mini');
    await page.getByRole('complementary').getByRole('alert').waitFor();
    await visitor.meantRefusals();
    await visitor.button('Why is it not there?').click();
    const box = page.getByRole('dialog', { name: 'Why? GPT-4o-Mini' });
    await box.getByText('with other capitals').first().waitFor();
    await box.getByText('Use gpt-4o-mini').waitFor();
    await visitor.look('model-why', { narrow: true });
    await box.getByRole('button', { name: 'Open that model' }).click();
    await box.waitFor({ state: 'detached' });
    await page.getByRole('complementary', { name: 'Model gpt-4o-mini' }).getByRole('heading', { name: 'Price history' }).waitFor();
  });

  await test('models: one that is not there', async () => {
    await visitor.go('#/models/not%2Fthere');
    await page.getByRole('complementary').getByRole('alert').waitFor();
    await visitor.meantRefusals();
    await visitor.look('model-unknown');
    await visitor.close();
  });
}
