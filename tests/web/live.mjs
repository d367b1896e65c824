// Genuine LiteLLM proxies: the welcome with a real key, syncs with their proof, and everything that can be wrong.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { liveHost, NEW, startProxies } from './parts.mjs';
import { Dashboard, makeHome, map, quietSettings, revision, until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

/** A port on which nobody answers. */
async function closedPort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Valid JSON with half of the models. */
function half(bytes) {
  const entries = Object.entries(JSON.parse(bytes));
  return Buffer.from(JSON.stringify(Object.fromEntries(entries.slice(0, entries.length / 2))));
}

export default async function (test) {
  const host = await liveHost();
  const proxies = startProxies();
  const board = await Dashboard.start(await makeHome('live', quietSettings(host.url)));
  const newest = await map(NEW);
  await board.call('check_source'); // an earlier map, to compare the newest with
  const visitor = await Visitor.open(board);
  const { page } = visitor;
  const card = (name) => page.getByRole('article', { name: `Proxy ${name}`, exact: true });
  const add = (name, url, variable = 'WEB_KEY') => board.call('save_proxy', { form: { edits: null, name, url, role: 'testing', key: { place: 'env', variable }, key_header: 'Authorization', allow_plain_http: false, ca_file: '' } });
  let main; // the name that the welcome gave it

  await test('the proxies are ready', async () => {
    await Promise.all(Object.values(proxies));
  });

  await test('welcome: a wrong key is told beside its field, the right one with what it may', async () => {
    const url = await proxies.main;
    await page.getByText('Looked at ports').waitFor();
    const other = page.getByText('Use another address').or(page.getByText('Another address', { exact: true }));
    if (await other.count()) await other.first().click();
    await page.getByRole('textbox', { name: 'Address' }).fill(url);
    const variable = page.getByLabel('Variable');
    await variable.fill('WEB_WRONG_KEY');
    await visitor.button('Test').click();
    await page.locator('.errtxt, .cans').first().waitFor();
    await visitor.look('welcome-wrong-key', { narrow: true });
    await variable.fill('WEB_KEY');
    await visitor.button(/^Test/).click();
    await visitor.sees('Can sync.');
    await visitor.look('welcome-right-key', { narrow: true });
  });

  await test('welcome: what a sync would bring, and then the sync itself, with its proof', async () => {
    host.serve(newest);
    const before = host.proxyHits;
    await visitor.button('See what will change').click();
    await visitor.sees('A sync would bring');
    // A look changes nothing: no proxy is saved, and the proxy fetched nothing.
    assert.deepEqual((await board.call('state')).proxies, []);
    assert.equal(host.proxyHits, before);
    await visitor.look('welcome-preview');
    await visitor.button('Sync now and finish').click();
    await page.getByRole('article').getByText('Read back', { exact: false }).first().waitFor();
    main = (await board.call('state')).proxies[0].name;
    await board.call('set', { field: 'preset', value: 'off' }); // nothing but the tests starts a sync
    await card(main).getByText('Proof', { exact: true }).waitFor();
    const [{ receipt, sync }] = (await board.call('state')).proxies;
    assert.deepEqual([sync, receipt.revision, receipt.proxy_revision], ['synced', revision(newest), revision(newest)]);
    await visitor.look('overview-synced', { narrow: true });
    await visitor.button(`Receipt of ${main}`).click();
    await page.getByRole('dialog').getByText(revision(newest)).first().waitFor();
    await visitor.look('receipt', { narrow: true });
    await page.keyboard.press('Escape');
  });

  await test('a running sync shows its steps, and says when it is too late to cancel', async () => {
    host.dripForProxies();
    const hit = host.proxyHit();
    await visitor.button(`More for ${main}`).click();
    await visitor.look('overview-menu');
    await page.getByRole('menuitem', { name: /Force sync/ }).click();
    await hit;
    await card(main).locator('[aria-current=step]', { hasText: 'Reload' }).waitFor();
    await visitor.look('overview-running', { narrow: true });
    const cancel = visitor.button(`Cancel: ${main}`);
    assert.deepEqual([await cancel.getAttribute('aria-disabled'), /^Too late/.test(await cancel.getAttribute('title'))], ['true', true]);
    await visitor.go('#/history');
    await page.getByRole('grid').getByText('Running').waitFor();
    await visitor.look('history-running');
    host.serve(newest);
    await page.getByRole('grid').getByText('Running').waitFor({ state: 'detached' });
    await visitor.go('#/overview');
  });

  await test('a sync that waits for the source is cancelled', async () => {
    host.dripForAutosync();
    await visitor.button(`Sync now: ${main}`).hover();
    // The second half of a double click meets "Cancel" in the same place, and does not mean it.
    for (const clickCount of [1, 2]) {
      await page.mouse.down({ clickCount });
      await page.mouse.up({ clickCount });
      await visitor.button(`Cancel: ${main}`).waitFor();
    }
    await card(main).locator('[aria-current=step]', { hasText: 'Check source' }).waitFor();
    await visitor.look('overview-waiting');
    await visitor.button(`Cancel: ${main}`).click();
    await visitor.button(`Sync now: ${main}`).waitFor();
    await visitor.look('overview-cancelled', { narrow: true });
    host.serve(newest);
  });

  await test('paused until a time, and resumed', async () => {
    await visitor.button('Pause').click();
    await page.getByRole('menuitem', { name: '1 hour' }).click();
    await visitor.sees(/^Paused until \d\d:\d\d$/);
    await visitor.look('overview-paused', { narrow: true });
    await visitor.button('Resume').first().click();
    await visitor.button('Pause').waitFor();
  });

  await test('five proxies, each in another state', async () => {
    await add('older', await proxies.older);
    await add('no-database', await proxies.plain);
    await add('wrong-key', await proxies.older, 'WEB_WRONG_KEY');
    await add('build-box', `http://127.0.0.1:${await closedPort()}`);
    await visitor.button(/^Sync all/).click();
    await until(async () => (await board.call('state')).proxies.every(({ running, last_run, health }) => running === null && last_run !== null && health !== null), 'the end of all syncs');
    const state = await board.call('state');
    const facts = Object.fromEntries(state.proxies.map(({ name, sync, health, last_run }) => [name, `${sync} ${health} ${last_run.outcome}`]));
    assert.equal(facts.older, 'synced up succeeded');
    assert.match(facts['no-database'], /behind up failed/);
    assert.match(facts['wrong-key'], /unauthorised failed/);
    assert.match(facts['build-box'], /down failed/);
    await card('build-box').getByText('Down').waitFor();
    await visitor.look('overview-five', { narrow: true });
    await page.locator('.main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
    await visitor.look('overview-five-end', { narrow: true });
    await visitor.button('Edit key: wrong-key').click();
    await page.getByRole('form', { name: 'Edit wrong-key' }).waitFor();
    await visitor.look('settings-edit-proxy', { narrow: true });
  });

  await test('history: runs, their receipt, their error with its remedy, and the log', async () => {
    await visitor.go('#/history');
    await page.getByRole('grid').getByText('Failed').first().waitFor();
    await visitor.look('history', { narrow: true });
    await page.getByRole('row', { name: /Succeeded/ }).last().click();
    await page.getByRole('region', { name: 'Receipt' }).waitFor();
    await visitor.look('history-receipt', { narrow: true });
    await page.getByRole('row', { name: /wrong-key/ }).first().click();
    await page.getByRole('region', { name: 'What went wrong' }).getByRole('button').waitFor();
    await visitor.look('history-failed', { narrow: true });
    await page.getByRole('region', { name: 'What went wrong' }).getByRole('button').click();
    await page.getByRole('form', { name: 'Edit wrong-key' }).waitFor();
    await visitor.go('#/history');
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('unproven');
    await visitor.sees(/There is no .* run/);
    await visitor.look('history-no-match');
    await visitor.go('#/history?tab=log');
    await page.getByRole('region', { name: 'Sync log' }).getByText('"status":"failed"').first().waitFor();
    await visitor.look('history-log', { narrow: true });
    await visitor.told(/^\d+ lines copied$/, () => visitor.button('Copy lines').click());
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some(({ status, proxy, models_updated }) => status === 'success' && proxy === main && models_updated > 100));
  });

  await test('models: verified on the real proxy', async () => {
    await visitor.go('#/models/gpt-4o');
    await page.getByRole('region', { name: 'Verify' }).getByRole('button', { name: 'Verify' }).click();
    await page.getByRole('region', { name: 'Verify' }).getByRole('table').waitFor();
    await visitor.look('model-verified', { narrow: true });
    await page.getByRole('region', { name: 'Verify' }).getByRole('combobox').selectOption('no-database');
    // What was read from the other proxy stays for the moment that this one takes.
    await page.getByRole('region', { name: 'Verify' }).locator('table[aria-busy=false]').waitFor();
    await visitor.look('model-verified-behind');
    await visitor.go('#/changes');
    await page.getByRole('grid', { name: 'Changes' }).waitFor();
    await visitor.look('changes-mine', { narrow: true });
  });

  await test('a proxy is added, tested and removed in the settings', async () => {
    await visitor.go('#/settings');
    await visitor.button('Add proxy').click();
    const form = page.getByRole('form', { name: 'Add a proxy' });
    await form.getByLabel('Address').fill(await proxies.main);
    await form.getByLabel('Name').fill('by hand');
    await form.getByPlaceholder('LITELLM_MASTER_KEY').fill('WEB_KEY');
    await form.getByRole('button', { name: 'Test' }).click();
    // A name that cannot be one is told beside its field, and the test did not go out.
    await form.getByRole('alert').waitFor();
    await visitor.meantRefusals();
    await visitor.look('settings-bad-name');
    await form.getByLabel('Name').fill('by-hand');
    await form.getByRole('button', { name: 'Test' }).click();
    await form.getByText('Can sync.').waitFor();
    await visitor.look('settings-add-proxy', { narrow: true });
    await form.getByRole('button', { name: 'Add proxy' }).click();
    await visitor.button('Edit by-hand').waitFor();
    assert.match(await board.settings(), /name = "by-hand"[^]*key = "env:WEB_KEY"/);
    await visitor.button('Test by-hand').click();
    await page.locator('.under .cans').waitFor();
    await visitor.look('settings-test-proxy');
    await visitor.button('Edit by-hand').click();
    await visitor.button('Remove…').click();
    await page.getByRole('dialog').waitFor();
    await visitor.look('settings-remove-proxy', { narrow: true });
    // The open editor stands in the place of its button, so that one is gone already; the message tells of the end.
    await visitor.told('by-hand was removed.', () => visitor.button('Remove proxy').click());
    await page.getByRole('form', { name: 'Edit by-hand' }).waitFor({ state: 'detached' });
    assert.equal(await visitor.button('Edit by-hand').count(), 0);
    assert.doesNotMatch(await board.settings(), /by-hand/);
  });

  await test('a broken map is held, and says so everywhere', async () => {
    host.serve(half(newest));
    await visitor.go('#/overview');
    await visitor.button('Check now').click();
    await page.getByRole('region', { name: 'Source' }).getByText('Held').waitFor();
    await page.getByRole('region', { name: 'Needs attention' }).getByText(/held back/).first().waitFor();
    await visitor.look('overview-held', { narrow: true });
    const before = (await board.call('state')).proxies[0].live_revision;
    await visitor.button(`Sync now: ${main}`).click();
    // The card may say "Held" of the map before it says it of the run.
    await until(async () => (await board.call('state')).proxies[0].last_run.outcome === 'held', 'the end of the held run');
    await card(main).getByText('Held').first().waitFor();
    assert.equal((await board.call('state')).proxies[0].live_revision, before);
    await visitor.look('overview-held-run');
    await visitor.go('#/changes');
    await visitor.sees('held by the checks');
    await visitor.look('changes-held', { narrow: true });
    await visitor.go('#/history');
    await page.getByRole('row', { name: /Held/ }).first().click();
    await page.getByRole('heading', { name: /Check findings/ }).waitFor();
    await visitor.look('history-held');
  });

  await test('a login page in place of the map is told for what it is', async () => {
    host.serve('<!doctype html><title>Sign in</title>');
    await visitor.go('#/overview');
    await visitor.button('Check now').click();
    const attention = page.getByRole('region', { name: 'Needs attention' });
    await attention.getByText(/HTML/).first().waitFor();
    // The check itself failed, as of a source that does not answer.
    await visitor.meantRefusals();
    await visitor.look('overview-login-page');
    host.serve(newest);
    await attention.getByRole('button', { name: 'Check now' }).click();
    await attention.getByText(/HTML/).first().waitFor({ state: 'detached' });
    await attention.getByText(/held back/).waitFor({ state: 'detached' });
    const { source } = await board.call('state');
    assert.deepEqual([source.verdict === 'held', source.held_because, source.error], [false, null, null]);
  });

  await test('the connection is lost', async () => {
    await visitor.go('#/overview');
    visitor.losesServer();
    await board.stop('SIGKILL');
    await visitor.sees('Connection to Auto-Sync lost; reconnecting');
    await page.getByRole('button', { name: `Sync now: ${main}` }).click();
    await visitor.sees('Auto-Sync is not responding.');
    await visitor.look('connection-lost', { narrow: true });
    await visitor.page.context().close();
  });
}
