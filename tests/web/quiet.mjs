// Nothing is known yet: the welcome without a proxy, empty screens, the first answer that is slow or refused.
import assert from 'node:assert/strict';
import { Dashboard, makeHome, map, MapHost, quietSettings } from './stage.mjs';
import { OLD } from './parts.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const host = await MapHost.start(await map(OLD));
  const board = await Dashboard.start(await makeHome('quiet', quietSettings(host.url)));
  let visitor;

  await test('the token does not stay in the address', async () => {
    visitor = await Visitor.open(board);
    await visitor.sees('Keep your proxy’s prices true');
    assert.doesNotMatch(visitor.page.url(), /token/);
    await visitor.page.reload();
    await visitor.sees('Keep your proxy’s prices true');
  });

  await test('the welcome looks for a proxy, and can be left without one', async () => {
    await visitor.text('Looked at ports').waitFor();
    await visitor.look('welcome', { narrow: true });
    const other = visitor.page.getByText('Another address').or(visitor.page.getByText('Use another address'));
    if (await other.count()) await other.first().click(); // a proxy of the person who runs the tests
    await visitor.button('Watch the source and finish').click();
    await visitor.sees('No proxy yet. The source is still watched');
  });

  await test('overview without a proxy', async () => {
    await visitor.look('overview-no-proxy', { narrow: true });
    await visitor.page.reload();
    await visitor.sees('No proxy yet. The source is still watched');
  });

  await test('screens that have nothing to show say what to do', async () => {
    for (const [screen, text] of [['changes', 'There is only one map so far'], ['models', 'No map has been promoted yet'], ['review', 'Nothing needs review.'], ['history', 'No sync has run yet']]) {
      await visitor.go(`#/${screen}`);
      await visitor.sees(text);
      await visitor.look(`${screen}-empty`);
    }
    await visitor.go('#/history?tab=log');
    await visitor.sees('The log is empty');
  });

  await test('checking the source by hand brings its map', async () => {
    await visitor.go('#/overview');
    await visitor.button('Check now').click();
    await visitor.sees('3,919 models. The chart starts with the next revision.');
    await visitor.look('overview-first-map');
    await visitor.close();
  });

  await test('a first answer that is late shows what is coming', async () => {
    let answer;
    const answered = new Promise((done) => (answer = done));
    const wait = (route) => answered.then(() => route.continue());
    const before = async (page) => {
      await page.route('**/api/call/state', wait);
      await page.route('**/api/events', wait);
    };
    const slow = await Visitor.open(board, '', { before });
    await slow.page.locator('[aria-busy=true]').first().waitFor();
    await slow.look('overview-loading', { narrow: true });
    answer();
    await slow.sees('No proxy yet. The source is still watched');
    await slow.close();
  });

  await test('an address with another token is refused in plain words', async () => {
    const stranger = await Visitor.open(board, '', { address: `${board.origin}/#token=wrong` });
    await stranger.sees('This page has no valid token.');
    await stranger.meantRefusals();
    await stranger.look('overview-refused', { narrow: true });
    await stranger.button('Try again').click();
    await stranger.meantRefusals();
    await stranger.close();
  });
  await board.stop();
}
