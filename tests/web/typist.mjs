// Somebody who types faster than the page answers: no letter is lost, and none goes to what it was not meant for.
import assert from 'node:assert/strict';
import { historyBoard, OLD } from './parts.mjs';
import { Dashboard, makeHome, map, MapHost, quietSettings } from './stage.mjs';
import { Visitor } from './visitor.mjs';

/** Holds the answers to a command back until they are let go. */
async function hold(page, command) {
  let letGo;
  const free = new Promise((done) => (letGo = done));
  await page.route(`**/api/call/${command}`, (route) => free.then(() => route.continue()));
  return letGo;
}

export default async function (test) {
  const board = await historyBoard();
  const visitor = await Visitor.open(board, '#/overview');
  const { page } = visitor;
  const palette = page.getByRole('combobox', { name: 'Search or run a command' });
  const search = page.getByRole('searchbox');
  const at = (hash) => page.waitForURL((url) => url.hash === hash);
  const focused = (locator) => locator.evaluate((element) => element === document.activeElement);

  await test('typist: the palette has every letter, also when it was closed a moment before', async () => {
    await visitor.sees('No proxy yet.');
    await visitor.rush('Control+k', 'changes');
    assert.equal(await palette.inputValue(), 'changes');
    await visitor.rush('Escape', 'Control+k', 'models');
    assert.equal(await palette.inputValue(), 'models');
    await visitor.rush('Enter', 'Control+k', 'history', 'Enter', 'Control+k', 'gpt-4o');
    assert.equal(await palette.inputValue(), 'gpt-4o');
    await at('#/history');
    await visitor.rush('Escape', '?', 'Escape', 'Control+k', 'x');
    assert.equal(await palette.inputValue(), 'x');
    await page.keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

  await test('typist: the slash opens the search of the screen that comes, or the palette where there is none', async () => {
    await visitor.rush('Control+5', '/', 'models');
    assert.equal(await palette.inputValue(), 'models');
    await visitor.rush('Escape', 'Control+2', '/', 'opus', 'Control+3', '/', 'claude');
    assert.equal(await search.inputValue(), 'claude');
    assert.equal(await palette.count(), 0);
    await visitor.rush('Control+2');
    assert.equal(await search.inputValue(), 'opus');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Models' }).focus();
    await visitor.rush('Enter', '/', 'gpt');
    assert.equal(await search.inputValue(), 'gpt');
    await search.fill('');
    await visitor.go('#/changes');
    await search.fill('');
  });

  await test('typist: what is typed while the models are read is searched for when they are there', async () => {
    await visitor.go('#/overview');
    const letGo = await hold(page, 'models');
    await visitor.rush('Control+3', '/', 'claude');
    await page.getByRole('status', { name: 'Loading the models' }).waitFor();
    await visitor.look('models-loading', { narrow: true });
    await visitor.rush(' opus');
    letGo();
    await page.getByRole('grid', { name: 'Models' }).waitFor();
    assert.equal(await search.inputValue(), 'claude opus');
    assert.ok(await focused(search));
    const names = await page.locator('[data-row] .mn').evaluateAll((cells) => cells.map(({ title }) => title));
    assert.ok(names.length > 0 && names.every((name) => /claude.*opus/i.test(name)), names.join());
    await search.fill('');
  });

  await test('typist: and so are the changes', async () => {
    await visitor.go('#/overview');
    const letGo = await hold(page, 'changes');
    await visitor.rush('Control+2', '/', 'gpt-4o-');
    await visitor.look('changes-loading', { narrow: true });
    await visitor.rush('mini');
    letGo();
    await page.getByRole('grid', { name: 'Changes' }).waitFor();
    assert.equal(await search.inputValue(), 'gpt-4o-mini');
    assert.ok(await focused(search));
    await search.fill('');
  });

  await test('typist: a model is opened by its name before any name is known', async () => {
    let letGo;
    const fresh = await Visitor.open(board, '#/history', { before: async (page) => (letGo = await hold(page, 'models')) });
    await fresh.sees('No sync has run yet.');
    // Of the commands it is most like "Pause for 30 minutes". What was asked for last counts.
    await fresh.rush('Control+k', 'settings', 'Enter', 'Control+k', 'o3', 'Enter');
    letGo();
    await fresh.page.getByRole('complementary', { name: 'Model o3', exact: true }).waitFor();
    assert.equal((await board.call('state')).pause, null);
    await fresh.close();
  });

  await test('typist: a menu is gone through by its arrows as soon as it is open', async () => {
    await visitor.go('#/changes');
    await page.getByRole('grid', { name: 'Changes' }).waitFor();
    await visitor.button('Copy changes').focus();
    await visitor.told(/^Copied .* as CSV$/, () => visitor.rush('Enter', 'ArrowDown', 'Enter'));
    await visitor.go('#/models');
    await page.getByRole('grid', { name: 'Models' }).waitFor();
    await visitor.button('Capabilities').focus();
    await visitor.rush('Enter', 'Tab', ' ', 'Escape');
    const boxes = page.getByRole('group', { name: 'Required capabilities', includeHidden: true }).locator('input');
    assert.deepEqual([await boxes.nth(0).isChecked(), await boxes.nth(1).isChecked()], [false, true]);
    await boxes.nth(1).evaluate((box) => box.click());
    // The button closes its menu, too, and a click beside it.
    await visitor.button('Capabilities').click();
    await boxes.first().waitFor();
    await visitor.button('Capabilities').click();
    await boxes.first().waitFor({ state: 'hidden' });
    await visitor.button('Export models').click();
    await page.getByRole('menuitem').first().waitFor();
    await page.getByRole('heading', { name: 'Models' }).click();
    await page.getByRole('menuitem').first().waitFor({ state: 'hidden' });
  });

  await test('typist: "Add a proxy" is followed by its name', async () => {
    await visitor.go('#/settings');
    await page.getByRole('heading', { name: 'Proxies' }).waitFor();
    await visitor.go('#/overview');
    await visitor.rush('Control+k', 'add a proxy', 'Enter', 'by-hand');
    await at('#/settings/proxies');
    const form = page.getByRole('form', { name: 'Add a proxy' });
    assert.equal(await form.getByLabel('Name').inputValue(), 'by-hand');
    await form.getByRole('button', { name: 'Discard' }).click();
    await form.waitFor({ state: 'detached' });
    await visitor.close();
  });

  const own = await Dashboard.start(await makeHome('typist', quietSettings((await MapHost.start(await map(OLD))).url)));

  await test('typist: the welcome shows an error once, and then lets one go on', async () => {
    const newcomer = await Visitor.open(own);
    await newcomer.text('Looked at ports').waitFor();
    const other = newcomer.text('Another address').or(newcomer.text('Use another address'));
    if (await other.count()) await other.first().click(); // a proxy of the person who runs the tests
    const address = newcomer.page.getByRole('textbox', { name: 'Address' });
    await address.fill('no address');
    await newcomer.page.getByLabel('Variable').fill('WEB_KEY');
    await newcomer.button('Test').click();
    await newcomer.page.getByRole('alert').first().waitFor();
    assert.ok(await focused(address));
    const [first, second] = [newcomer.page.getByRole('radio', { name: 'Production' }), newcomer.page.getByRole('radio', { name: 'Development' })];
    await first.focus();
    await newcomer.rush('ArrowDown');
    assert.ok(await focused(second));
    await newcomer.meantRefusals();
    await newcomer.close();
  });

  await test('typist: the editor of a proxy takes the focus once, and leaves it to who types', async () => {
    const save = (name) => own.call('save_proxy', { form: { edits: null, name, url: 'http://127.0.0.1:9', role: 'testing', key: { place: 'env', variable: 'WEB_KEY' }, key_header: 'Authorization', allow_plain_http: false, ca_file: '' } });
    await own.call('end_first_run');
    const visitor = await Visitor.open(own, '#/settings');
    const { page } = visitor;
    await visitor.button('Add proxy').focus();
    await visitor.rush('Enter', 'by-hand');
    const name = page.getByRole('textbox', { name: 'Name' });
    assert.equal(await name.inputValue(), 'by-hand');
    await page.keyboard.press('Escape');
    await save('edited');
    await visitor.button('Edit edited').focus();
    await visitor.rush('Enter', 'End', '98');
    const form = page.getByRole('form', { name: 'Edit edited' });
    const [address, variable] = [form.getByLabel('Address'), form.getByPlaceholder('LITELLM_MASTER_KEY')];
    assert.equal(await address.inputValue(), 'http://127.0.0.1:998');
    // Somebody else changes the settings, which are read anew.
    await variable.press('End');
    await save('another');
    await visitor.button('Edit another').waitFor();
    await page.keyboard.type('_2');
    assert.equal(await variable.inputValue(), 'WEB_KEY_2');
    // A test that is refused does not draw back whoever went on to the next field meanwhile.
    await address.fill('no address');
    const letGo = await hold(page, 'test_proxy');
    await visitor.button('Test').click();
    await variable.press('End');
    await page.keyboard.type('_3');
    letGo();
    await visitor.meantRefusals();
    await visitor.button('Test').and(page.locator(':not([aria-disabled=true])')).waitFor();
    await page.keyboard.type('_4');
    assert.equal(await variable.inputValue(), 'WEB_KEY_2_3_4');
    assert.equal(await address.inputValue(), 'no address');
    await page.keyboard.press('Escape');
    await visitor.close();
  });
  await own.stop();
}
