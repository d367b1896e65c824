// Starts the stage, runs every test in order, and ends what it started. `node run.mjs live hostile` runs only these files.
import { access, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProxies } from './parts.mjs';
import { end, uiFolder } from './stage.mjs';
import { startBrowser } from './visitor.mjs';

/** For all of it; on two cores that do nothing else it is an eighth of this. */
const LIMIT_MS = 1_200_000;
const TEST_MS = 180_000;

const FILES = ['quiet', 'today', 'changes', 'models', 'review', 'settings', 'webhooks', 'keyboard', 'typist', 'contrast', 'hostile', 'live', 'decide'];
const files = process.argv.length > 2 ? process.argv.slice(2) : FILES;
const started = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const failed = [];
let passed = 0;

const limit = setTimeout(() => void over(`not done within ${LIMIT_MS / 1000} s`), LIMIT_MS);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void over(signal));

async function over(why) {
  console.error(`web tests: ${why}`);
  await Promise.race([end(), new Promise((done) => setTimeout(done, 10_000))]);
  process.exit(1);
}

async function test(name, work) {
  const since = performance.now();
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(fail, TEST_MS, new Error(`not done within ${TEST_MS / 1000} s`))));
  try {
    await Promise.race([work(), late]);
    passed += 1;
    console.log(`ok    ${seconds(since).padStart(7)}  ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL  ${seconds(since).padStart(7)}  ${name}\n${error.stack ?? error}`);
  } finally {
    clearTimeout(timer);
  }
}

try {
  await access(join(uiFolder, 'index.html')).catch(() => {
    throw new Error('the dashboard is not built; run `npm run build` in ui/');
  });
  const pictures = process.env.AUTOSYNC_TEST_PICTURES || (await mkdtemp(join(tmpdir(), 'autosync-pictures-')));
  console.log(`pictures: ${pictures}`);
  await startBrowser(pictures);
  // The proxies take the longest, and start while the other tests run.
  if (files.includes('live')) startProxies();
  for (const file of files) {
    const { default: tests } = await import(`./${file}.mjs`);
    await tests(test);
  }
} catch (error) {
  failed.push('the stage');
  console.error(error.stack ?? error);
} finally {
  clearTimeout(limit);
  await end();
}
console.log(`${passed} passed, ${failed.length} failed, ${seconds(started)}`);
process.exit(failed.length > 0 ? 1 : 0);
