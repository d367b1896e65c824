// Webhooks in the settings, from the empty list to the last one removed, by keyboard where a person would use it. The receiver
// stands in for a chat program.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { NEW } from './parts.mjs';
import { atEnd, Dashboard, folder, makeHome, map, quietSettings, until } from './stage.mjs';
import { Visitor } from './visitor.mjs';

const SECRET = 'T0-s3cret-path';

export default async function (test) {
  const posts = [];
  let status = 200;
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      posts.push({ path: request.url, ...JSON.parse(body) });
      response.writeHead(status).end('ok');
    });
  });
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
  atEnd(() => receiver.close());
  const source = join(folder, 'webhooks.json');
  await writeFile(source, await map(NEW));
  const home = await makeHome('webhooks', quietSettings(source));
  const board = await Dashboard.start(home, { TEAM_HOOK: `http://127.0.0.1:${receiver.address().port}/${SECRET}` });
  await board.call('end_first_run');
  const visitor = await Visitor.open(board, '#/settings/webhooks');
  const { page } = visitor;

  await test('webhooks: none yet', async () => {
    await visitor.sees('No webhook yet. Alerts are shown on this computer only.');
    await visitor.look('webhooks-empty', { narrow: true });
  });

  await test('webhooks: one is added by keyboard, and what is refused says so beside its field', async () => {
    await page.getByRole('button', { name: 'Add webhook' }).press('Enter');
    const form = page.getByRole('form', { name: 'Add a webhook' });
    await form.getByLabel('Name').fill('my team');
    await form.getByLabel('Where the address is kept').selectOption('env');
    await form.getByLabel('Address', { exact: true }).fill('TEAM_HOOK');
    await form.getByLabel('Address', { exact: true }).press('Enter');
    await form.getByRole('alert').waitFor();
    await visitor.meantRefusals();
    await visitor.look('webhooks-refused', { narrow: true });
    await form.getByLabel('Name').fill('team');
    await form.getByLabel('New models').check();
    await form.getByLabel('Name').press('Enter');
    await form.waitFor({ state: 'detached' });
    await until(async () => /\[\[webhook\]\]\nname = "team"\nkind = "slack"\nurl = "env:TEAM_HOOK"\nalerts = /.test(await board.settings()), 'the webhook in the file');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Add webhook', 'the focus is where it came from');
  });

  await test('webhooks: a test arrives, and one that does not says why', async () => {
    await page.getByRole('button', { name: 'Test team' }).click();
    await visitor.sees(/^The test message arrived in \d+ ms\.$/);
    assert.deepEqual([posts[0].path, posts[0].text.startsWith('*This is a test*')], [`/${SECRET}`, true]);
    status = 410;
    await page.getByRole('button', { name: 'Test team' }).click();
    await visitor.sees(/^The webhook’s address is gone|^The webhook's address is gone/);
    await visitor.meantRefusals();
    await visitor.look('webhooks', { narrow: true });
    assert.ok(!(await page.content()).includes(SECRET), 'the address is nowhere on the page');
    status = 200;
  });

  await test('webhooks: one is switched off and removed', async () => {
    await page.getByRole('switch', { name: 'Post alerts to team' }).click();
    await visitor.sees('Switched off: nothing is posted');
    await page.getByRole('button', { name: 'Edit team' }).click();
    await page.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('button', { name: 'Remove webhook' }).click();
    await visitor.sees('No webhook yet. Alerts are shown on this computer only.');
    assert.ok(!(await board.settings()).includes('[[webhook]]'));
    assert.equal(posts.length, 2, 'nothing but the two tests was posted');
    await visitor.close();
  });
}
