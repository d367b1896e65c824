// Each kind of control of the settings: what it saves stands in the file, and what is refused does not.
import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { historyBoard } from './parts.mjs';
import { until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/settings');
  const { page } = visitor;
  const line = (label) => page.locator('.line', { has: page.locator('.lb', { hasText: new RegExp(`^${label}$`) }) });
  const saved = async (label, text) => {
    await line(label).getByText('Saved').waitFor();
    // "Saved" may still be that of the value before.
    await until(async () => text.test(await board.settings()), `${label} in the file`);
  };

  await test('settings: all of them', async () => {
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await visitor.look('settings', { narrow: true });
    await visitor.look('settings-whole', { whole: true });
  });

  await test('settings: a list, a choice, a switch, cards and texts save themselves', async () => {
    await page.getByLabel('Look for changes').selectOption('1h');
    await saved('Look for changes', /watch = "1h"/);
    await page.getByLabel('Look for changes').selectOption('off');
    await saved('Look for changes', /watch = "off"/);
    await page.getByText('Hold the whole map', { exact: true }).click();
    await saved('Suspicious entries', /mode = "hold"/);
    await page.getByText('Wait for review', { exact: true }).click();
    await page.getByRole('switch', { name: 'New models' }).click();
    await saved('New models', /new_models = false/);
    await page.getByRole('radio', { name: 'Custom' }).click();
    const every = page.getByLabel('Sync every');
    await every.fill('3h');
    await every.press('Enter');
    await saved('Sync every', /every = "3h"/);
    const windows = page.getByLabel('Only in these windows');
    await windows.fill('allow Mon-Fri 02:00-05:00');
    await windows.blur();
    await saved('Only in these windows', /allow Mon-Fri 02:00-05:00/);
    await visitor.sees('Syncs begin once there is a proxy.');
    await page.getByLabel('Quiet from').fill('22:00');
    await page.getByLabel('Quiet until').fill('07:00');
    await page.getByLabel('Quiet until').press('Enter');
    await saved('Quiet hours', /quiet = "22:00-07:00"/);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
    await saved('Theme', /theme = "dark"/);
    await page.getByRole('radiogroup', { name: 'Theme' }).getByText('System').click();
    await saved('Theme', /^(?![^]*theme = "dark")/);
    await page.getByLabel('Proxy server').selectOption('none');
    await saved('Proxy server', /proxy = "none"/);
  });

  await test('settings: what is refused says so beside its field, and the file keeps the old value', async () => {
    const before = await board.settings();
    const every = page.getByLabel('Sync every');
    await every.fill('often');
    await every.press('Enter');
    await line('Sync every').getByRole('alert').waitFor();
    await page.getByText('Web address').click();
    const address = page.getByRole('textbox', { name: 'Address' });
    await address.fill('http://user:password@127.0.0.1/map.json');
    await address.press('Enter');
    await line('Address').getByRole('alert').waitFor();
    await page.getByLabel('Quiet from').fill('25:00');
    await page.getByLabel('Quiet from').press('Enter');
    await line('Quiet hours').getByRole('alert').waitFor();
    await visitor.sees('3 fields need correcting; the rest is saved');
    assert.equal(await board.settings(), before);
    visitor.meantRefusals(2);
    await line('Sync every').scrollIntoViewIfNeeded();
    await visitor.look('settings-refused', { narrow: true });
    for (const field of [every, page.getByLabel('Quiet from'), address]) await field.press('Escape');
    await page.getByText('need correcting').waitFor({ state: 'detached' });
  });

  await test('settings: a window that is none is refused', async () => {
    const windows = page.getByLabel('Only in these windows');
    await windows.fill('allow Someday');
    await windows.blur();
    try {
      await line('Only in these windows').getByRole('alert').or(line('Only in these windows').getByText('Saved')).waitFor();
      assert.equal(await line('Only in these windows').getByRole('alert').count(), 1);
      visitor.meantRefusals();
    } finally {
      await windows.fill('');
      await windows.blur();
      // The next test takes the file away: a save that comes later would write a new one.
      await saved('Only in these windows', /^(?![^]*allow Mon-Fri)/);
    }
  });

  await test('settings: a file that cannot be written is told, and nothing is lost', async () => {
    const file = join(board.home, 'settings.toml');
    await rename(file, `${file}.away`);
    await mkdir(file);
    await page.getByRole('switch', { name: 'Failures' }).click();
    await line('Failures').getByRole('alert').waitFor();
    visitor.meantRefusals();
    await visitor.look('settings-unwritable');
    // Who opens the dashboard now is told the same, and sees what still counts.
    const fresh = await Visitor.open(board, '#/settings');
    await fresh.sees('The settings file cannot be read');
    await fresh.sees(/^The settings cannot be read from/);
    await fresh.page.getByRole('heading', { name: 'Proxies' }).waitFor();
    await fresh.look('settings-unreadable');
    await rm(file, { recursive: true });
    await rename(`${file}.away`, file);
    await fresh.close();
    await page.getByRole('switch', { name: 'Failures' }).click();
    await saved('Failures', /failures = false/);
    await visitor.close();
  });
}
