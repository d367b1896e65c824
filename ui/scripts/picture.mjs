// A picture of one scenario: node scripts/picture.mjs SCENARIO HASH OUT.png [--dark] [--width 760] [--height 760] [--click TEXT] [--key Control+k] [--wait 150] [--full] [--contrast] [--axe]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: 'boolean' },
    width: { type: 'string', default: '1180' },
    height: { type: 'string', default: '760' },
    // Buttons to press first, by their accessible name, and keys, in this order: all clicks, then all keys.
    click: { type: 'string', multiple: true, default: [] },
    key: { type: 'string', multiple: true, default: [] },
    type: { type: 'string' },
    wait: { type: 'string', default: '150' },
    full: { type: 'boolean' },
    contrast: { type: 'boolean' },
    axe: { type: 'boolean' },
  },
});
const [scenario = 'drawn', hash = '#/overview', out = 'picture.png'] = positionals;

const server = await createServer({ server: { port: 0 }, logLevel: 'error', clearScreen: false });
await server.listen();
const address = server.resolvedUrls?.local[0];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
let isBad = false;
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    colorScheme: values.dark ? 'dark' : 'light',
    contrast: values.contrast ? 'more' : 'no-preference',
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') console.log(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    isBad = true;
    console.log(`page: ${error.stack ?? error}`);
  });
  await page.goto(`${address}?scenario=${scenario}${hash}`);
  await page.waitForSelector('#app > *');
  await page.waitForTimeout(250);
  for (const name of values.click) await page.getByRole('button', { name }).first().click();
  for (const key of values.key) await page.keyboard.press(key);
  if (values.type) await page.keyboard.type(values.type);
  await page.waitForTimeout(Number(values.wait));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  if (wide) console.log('layout: wider than the window');
  await page.screenshot({ path: out, fullPage: values.full ?? false });
  if (values.axe) {
    await page.evaluate(readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8'));
    const found = await page.evaluate(async () => (await window.axe.run()).violations.map((one) => `${one.id}: ${one.help}\n    ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.any.map((a) => a.message).join('; ')}`).join('\n    ')}`));
    for (const one of found) console.log(`axe: ${one}`);
    if (found.length > 0) isBad = true;
  }
} finally {
  await browser.close();
  await server.close();
}
if (isBad) process.exitCode = 1;
