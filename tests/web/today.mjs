// What is new today, on the overview: from two real maps, until it is looked at.
import assert from 'node:assert/strict';
import { historyBoard } from './parts.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/overview');
  const { page } = visitor;
  const card = page.getByRole('region', { name: 'New today' });

  await test('today: new models by provider, each line with its prices', async () => {
    await card.waitFor();
    const lines = card.locator('tbody tr');
    assert.ok((await lines.count()) > 1 && (await lines.count()) <= 6);
    const providers = await lines.locator('td:first-child').allTextContents();
    assert.equal(new Set(providers).size, providers.length, 'one line a provider');
    assert.equal(await card.getByText('On your proxies').count(), 0, 'there is no proxy');
    await visitor.look('today', { narrow: true });
  });

  await test('today: all changes are one click away, and are no news once looked at', async () => {
    await card.getByRole('button', { name: 'All changes' }).click();
    await page.waitForURL((url) => /^#\/changes\?from=\w{40}&to=\w{40}$/.test(url.hash));
    await page.getByRole('grid', { name: 'Changes' }).waitFor();
    await visitor.go('#/overview');
    await card.getByText(/^Nothing new for you since/).waitFor();
    assert.equal(await card.locator('tbody tr').count(), 0);
    await visitor.look('today-quiet');
    await visitor.close();
  });
}
