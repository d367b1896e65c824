// Each kind of control of the settings: what it saves stands in the file, and what is refused does not.
import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { historyBoard } from './parts.mjs';
import { revision, until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

/** A port that nobody has. */
const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/settings');
  const { page } = visitor;
  const line = (label) => page.locator('.line', { has: page.locator('.lb', { hasText: new RegExp(`^${label}$`) }) });
  const saved = async (label, text, change) => {
    // "Saved" is shown for two seconds: waited for from before the change on, it cannot be missed. It may still be that of
    // the value before, so the file decides.
    await Promise.all([line(label).getByText('Saved').waitFor(), change()]);
    await until(async () => text.test(await board.settings()), `${label} in the file`);
  };
  const entered = async (field, text) => {
    await field.fill(text);
    await field.press('Enter');
  };
  const left = async (field, text) => {
    await field.fill(text);
    await field.blur();
  };

  await test('settings: all of them', async () => {
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await visitor.look('settings', { narrow: true });
    await visitor.look('settings-whole', { whole: true });
  });

  await test('settings: a list, a choice, a switch, cards and texts save themselves', async () => {
    await saved('Look for changes', /watch = "1h"/, () => page.getByLabel('Look for changes').selectOption('1h'));
    await saved('Look for changes', /watch = "off"/, () => page.getByLabel('Look for changes').selectOption('off'));
    await saved('Suspicious entries', /mode = "hold"/, () => page.getByText('Hold the whole map', { exact: true }).click());
    await saved('Suspicious entries', /^(?![^]*mode = "hold")/, () => page.getByText('Wait for review', { exact: true }).click());
    await saved('New models', /new_models = false/, () => page.getByRole('switch', { name: 'New models' }).click());
    await page.getByRole('radio', { name: 'Custom' }).click();
    await saved('Sync every', /every = "3h"/, () => entered(page.getByLabel('Sync every'), '3h'));
    await saved('Only in these windows', /allow Mon-Fri 02:00-05:00/, () => left(page.getByLabel('Only in these windows'), 'allow Mon-Fri 02:00-05:00'));
    await visitor.sees('Syncs start once you add a proxy.');
    await page.getByLabel('Quiet from').fill('22:00');
    await saved('Quiet hours', /quiet = "22:00-07:00"/, () => entered(page.getByLabel('Quiet until'), '07:00'));
    await saved('Theme', /theme = "dark"/, () => page.getByRole('radio', { name: 'Dark' }).click());
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
    await saved('Theme', /^(?![^]*theme = "dark")/, () => page.getByRole('radiogroup', { name: 'Theme' }).getByText('System').click());
    await saved('Proxy server', /proxy = "none"/, () => page.getByLabel('Proxy server').selectOption('none'));
  });

  await test('settings: the gateway serves the promoted map while it is on', async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const serve = page.getByRole('switch', { name: 'Serve the promoted map to proxies' });
    await visitor.go('#/settings/gateway');
    // Its usual port may be another program's here, so what it says before it has ours is not looked at.
    await serve.click();
    await saved('Listen at', new RegExp(`listen = "${at}"`), () => entered(page.getByLabel('Listen at'), at));
    await line('Serve the promoted map to proxies').getByText('Listening', { exact: true }).waitFor();
    await visitor.sees('Each one gets an address of its own here.');
    const served = await fetch(`http://${at}/model_prices_and_context_window.json`);
    assert.equal(served.status, 200);
    const { promoted } = await board.call('state');
    assert.equal(revision(Buffer.from(await served.arrayBuffer())), promoted.revision);
    await visitor.look('settings-gateway', { narrow: true });
    await saved('Serve the promoted map to proxies', /^(?![^]*listen = "1)/, () => serve.click());
    await line('Serve the promoted map to proxies').getByText('Off', { exact: true }).waitFor();
    await until(() => fetch(`http://${at}/healthz`).then(() => false, () => true), 'nobody at the gateway');
  });

  await test('settings: what is refused says so beside its field, and the file keeps the old value', async () => {
    const before = await board.settings();
    const every = page.getByLabel('Sync every');
    await entered(every, 'often');
    await line('Sync every').getByRole('alert').waitFor();
    await page.getByText('Web address').click();
    const address = page.getByRole('textbox', { name: 'Address' });
    await entered(address, 'http://user:password@127.0.0.1/map.json');
    await line('Address').getByRole('alert').waitFor();
    await entered(page.getByLabel('Quiet from'), '25:00');
    await line('Quiet hours').getByRole('alert').waitFor();
    await visitor.sees('3 fields need correcting; the rest is saved');
    assert.equal(await board.settings(), before);
    await visitor.meantRefusals(2);
    await line('Sync every').scrollIntoViewIfNeeded();
    await visitor.look('settings-refused', { narrow: true });
    for (const field of [every, page.getByLabel('Quiet from'), address]) await field.press('Escape');
    await page.getByText('need correcting').waitFor({ state: 'detached' });
  });

  await test('settings: a window that is none is refused', async () => {
    const windows = page.getByLabel('Only in these windows');
    await left(windows, 'allow Someday');
    try {
      await line('Only in these windows').getByRole('alert').or(line('Only in these windows').getByText('Saved')).waitFor();
      assert.equal(await line('Only in these windows').getByRole('alert').count(), 1);
      await visitor.meantRefusals();
    } finally {
      // The next test takes the file away: a save that comes later would write a new one.
      await saved('Only in these windows', /^(?![^]*allow Mon-Fri)/, () => left(windows, ''));
    }
  });

  await test('settings: a file that cannot be written is told, and nothing is lost', async () => {
    const file = join(board.home, 'settings.toml');
    await rename(file, `${file}.away`);
    await mkdir(file);
    await page.getByRole('switch', { name: 'Failures' }).click();
    await line('Failures').getByRole('alert').waitFor();
    await visitor.meantRefusals();
    await visitor.look('settings-unwritable');
    // Who opens the dashboard now is told the same, and sees what still counts.
    const fresh = await Visitor.open(board, '#/settings');
    await fresh.sees('The settings file cannot be read');
    await fresh.sees(/^The settings cannot be read from/);
    await fresh.page.getByRole('heading', { name: 'Proxies', exact: true }).waitFor();
    await fresh.look('settings-unreadable');
    await rm(file, { recursive: true });
    await rename(`${file}.away`, file);
    await fresh.close();
    await saved('Failures', /failures = false/, () => page.getByRole('switch', { name: 'Failures' }).click());
    await visitor.close();
  });
}
