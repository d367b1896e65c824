// What needs review, of a real map; the gateway is off, so nothing can be decided.
import assert from 'node:assert/strict';
import { historyBoard } from './parts.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const truth = await board.call('review');
  const visitor = await Visitor.open(board, '#/review');
  const { page } = visitor;
  const grid = page.getByRole('grid', { name: 'Entries to review' });
  const rows = async () => Number(await grid.getAttribute('aria-rowcount')) - 1;
  const detail = page.getByRole('region', { name: 'The chosen entry' });
  const chosen = grid.locator('[role=row][aria-selected=true]');

  await test('review: hundreds of entries by cause, and how many in the sidebar', async () => {
    await grid.waitFor();
    assert.ok(truth.items.length > 500);
    assert.ok((await rows()) < 60, 'causes are folded');
    await page.getByRole('link', { name: `Review ${truth.items.length} entries need review` }).waitFor();
    await chosen.waitFor();
    await visitor.look('review', { narrow: true });
  });

  await test('review: without the gateway it says so, and nothing can be decided', async () => {
    await visitor.sees('With the gateway, they keep the old ones until you decide.');
    for (const name of [/^Approve all/, /^Reject all/, /^Approve (?!all)/, /^Reject (?!all)/]) {
      assert.equal(await visitor.button(name).first().getAttribute('aria-disabled'), 'true');
    }
    await visitor.told('Decisions need the gateway.', () => page.keyboard.press('r'));
    assert.deepEqual((await board.call('review')).items.filter(({ standing }) => standing !== 'open'), []);
  });

  await test('review: a cause opens, and the keys walk through its entries', async () => {
    const before = await rows();
    await grid.focus();
    for (let step = 0; step < 60 && (await chosen.locator('[aria-expanded]').count()) === 0; step += 1) await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await chosen.locator('[aria-expanded=true]').waitFor();
    const after = await rows();
    assert.ok(after > before);
    await page.keyboard.press('j');
    await detail.getByRole('heading', { name: 'Why it needs review' }).waitFor();
    const first = decodeURIComponent(new URL(page.url()).hash.replace('#/review/', ''));
    assert.ok(truth.items.some(({ model }) => model === first), first);
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    await detail.getByRole('button', { name: 'Reject 2' }).waitFor();
    await visitor.look('review-cause', { narrow: true });
    await page.keyboard.press('Escape');
    assert.equal(await grid.locator('input:checked').count(), 0);
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await chosen.locator('[aria-expanded=false]').waitFor();
    assert.equal(await rows(), before);
  });

  await test('review: an address opens an entry, also out of a folded cause', async () => {
    const priced = truth.items.find(({ rows, findings }) => rows.some(({ field, before, after }) => before && after && findings.some((one) => one.field === field)));
    await visitor.go(`#/review/${encodeURIComponent(priced.model)}`);
    await detail.getByRole('heading', { name: /^Does .* really cost/ }).waitFor();
    await detail.getByRole('region', { name: 'Peers' }).getByRole('img').waitFor();
    await visitor.look('review-price', { narrow: true });
    const gone = truth.items.find(({ is_gone }) => is_gone);
    await visitor.go(`#/review/${encodeURIComponent(gone.model)}`);
    await detail.getByRole('heading', { name: `Is ${gone.model} really gone?` }).waitFor();
    await chosen.getByText('Removed').waitFor();
    await visitor.look('review-gone');
    await visitor.go('#/review/not%2Fthere');
    await visitor.sees('not/there is not waiting for a review.');
    await visitor.look('review-unknown');
  });

  await test('review: the way to the gateway', async () => {
    await visitor.button('Set up the gateway').click();
    await page.waitForURL((url) => url.hash.startsWith('#/settings/gateway'));
    await visitor.close();
  });
}
