// Decisions on a genuine proxy that reads the gateway: what a person says in the dashboard is what the proxy bills.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { NEW } from './parts.mjs';
import { Dashboard, makeHome, map, MapHost, quietSettings, startProxy, until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

const MODEL = 'gpt-4o';
const FIELD = 'input_cost_per_token';
const GOOD = 2.5e-6;
const WRONG = 2.5e-3;

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export default async function (test) {
  const host = await MapHost.start(await map('1.109.3'));
  const port = await freePort();
  const board = await Dashboard.start(await makeHome('decide', quietSettings(host.url, `\n[gateway]\nlisten = "127.0.0.1:${port}"\n`)));
  await board.call('check_source');
  const url = await startProxy(NEW, `http://127.0.0.1:${port}/local/model_prices_and_context_window.json`);
  const form = { edits: null, name: 'local', url, role: 'testing', key: { place: 'env', variable: 'WEB_KEY' }, key_header: 'Authorization', allow_plain_http: false, ca_file: '' };
  await board.call('save_proxy', { form });
  await board.call('sync', { proxies: [], force: false });
  const live = async () => (await (await fetch(`${url}/public/litellm_model_cost_map`)).json())[MODEL][FIELD];
  const standing = async () => (await board.call('review')).items.find(({ model }) => model === MODEL)?.standing;

  const wrong = JSON.parse(await map(NEW));
  wrong[MODEL][FIELD] = WRONG;
  host.serve(Buffer.from(JSON.stringify(wrong)));
  await board.call('sync', { proxies: [], force: false });
  const visitor = await Visitor.open(board, `#/review/${MODEL}`);
  const { page } = visitor;

  await test('decide: a price that is 1,000 times too high waits, and the proxy keeps the old one', async () => {
    await visitor.sees('Does input really cost 2,500.00 per 1M tokens?');
    assert.equal(await live(), GOOD);
    assert.equal(host.proxyHits, 0, 'the proxy never asks upstream');
    await visitor.look('decide', { narrow: true });
  });

  await test('decide: rejected, taken back, approved: the proxy has what was said', async () => {
    await visitor.button(/^Reject, keep 2\.50/).click();
    await until(async () => (await standing()) === 'rejected', 'the rejection');
    assert.equal(await live(), GOOD);
    await visitor.button('Undo').first().click();
    await until(async () => (await standing()) === 'open', 'the undo');
    await visitor.go(`#/review/${MODEL}`);
    await visitor.button(/^Approve 2,500\.00/).click();
    await until(async () => (await standing()) === 'approved', 'the approval');
    await until(async () => (await live()) === WRONG, 'the proxy has it');
    const proxy = async () => (await board.call('state')).proxies[0];
    assert.equal((await proxy()).reads, 'gateway');
    await until(async () => (await proxy()).sync === 'synced', 'the proof');
    await visitor.close();
  });

  await test('decide: a price of one’s own is typed as people read it, and billed', async () => {
    const visitor = await Visitor.open(board, `#/models/${MODEL}`);
    await visitor.button('Set your price').click();
    await visitor.page.getByLabel('Input per 1M tokens', { exact: true }).fill('1.80');
    await visitor.sees('= $0.0000018 per token');
    await visitor.look('own-form', { narrow: true });
    await visitor.button('Save').click();
    await until(async () => (await live()) === 1.8e-6, 'the proxy has the own price');
    await visitor.sees('Your prices are saved.');
    await visitor.go('#/models');
    await visitor.sees('upstream 2,500.00');
    await visitor.go(`#/models/${MODEL}`);
    await visitor.button('Follow upstream').click();
    await until(async () => (await live()) === WRONG, 'upstream counts again');
    await visitor.sees('Upstream’s values count again.');
    await visitor.button('Undo').first().click();
    await until(async () => (await live()) === 1.8e-6, 'and the own price again');
    await visitor.close();
  });

  await test('decide: a model that nobody prices gets its price from the line that tells of it', async () => {
    const entry = 'openai/a-model-that-no-map-knows';
    await until(async () => (await board.call('state')).proxies[0].unpriced.length > 0, 'what is unpriced');
    const visitor = await Visitor.open(board, '#/overview');
    await visitor.button(/^Add price/).first().click();
    const panel = visitor.page.getByRole('complementary');
    await panel.getByRole('alert').waitFor();
    await panel.getByRole('button', { name: 'Add price' }).click();
    await visitor.page.getByLabel('Input per 1M tokens', { exact: true }).fill('1.25');
    await visitor.page.getByLabel('Output per 1M tokens', { exact: true }).fill('10');
    await visitor.button('Save').click();
    const billed = async () => (await (await fetch(`${url}/public/litellm_model_cost_map`)).json())[entry]?.[FIELD];
    await until(async () => (await billed()) === 1.25e-6, 'the proxy has the price');
    await until(async () => (await board.call('state')).proxies[0].unpriced.length === 0, 'nothing is unpriced any more');
    // The entry was asked for while there was none.
    await visitor.meantRefusals();
    await visitor.close();
  });

  await test('decide: one click goes back to the map before, and another follows the source again', async () => {
    const visitor = await Visitor.open(board, '#/changes');
    await visitor.button('Go back…').click();
    await visitor.sees('models go');
    await visitor.look('rollback', { narrow: true });
    assert.equal(await live(), 1.8e-6, 'a preview changes nothing');
    await visitor.sees('Roll back 1 proxy');
    await visitor.page.keyboard.press('Enter');
    await until(async () => (await live()) === GOOD, 'the proxy has the map of before');
    await visitor.sees('Rolled back.');
    await until(async () => (await board.call('state')).pins.length === 1, 'the pin');
    await visitor.go('#/overview');
    await visitor.sees('Proxies are pinned since today.');
    await visitor.look('pinned', { narrow: true });
    await visitor.button('Unpin').first().click();
    await until(async () => (await live()) === 1.8e-6, 'the newest map, with the own price');
    await visitor.close();
  });
}
