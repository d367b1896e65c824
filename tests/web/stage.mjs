// Real parts for the tests in a browser: the host of the map, genuine LiteLLM proxies, the development server with the
// real engine. Everything is on loopback, and is ended by its process id.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// `cargo xtask test` names its cache; by hand it is looked for where xtask has it: on Windows that is another place.
const caches = process.platform === 'win32' ? process.env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local') : process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const cache = process.env.AUTOSYNC_DEV_CACHE || join(caches, 'litellm-autosync-dev');

export const uiFolder = here('../../ui/dist');
export const folder = await mkdtemp(join(tmpdir(), 'autosync-web-'));
export const MASTER_KEY = 'sk-web-tests-1234';

const endings = [() => rm(folder, { recursive: true, force: true })];

/** Ends everything that was started, the newest first. */
export async function end() {
  for (let ending = endings.pop(); ending; ending = endings.pop()) await ending();
}

export function atEnd(ending) {
  endings.push(ending);
}

/** The program that a variable names. */
export function program(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} must name the built program`);
  return path;
}

/** The longest wait for anything but a proxy's start. Never met on a quiet machine; one that compiles beside it is slow. */
export const PATIENCE_MS = 60_000;

/** Waits until something holds that nothing tells of itself. */
export async function until(holds, what) {
  for (const end = performance.now() + PATIENCE_MS; !(await holds()); ) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

/** The map that LiteLLM `version` ships, byte for byte. */
export async function map(version) {
  const file = join(cache, 'maps', `${version}.json`);
  return readFile(file).catch(() => {
    throw new Error(`${file} is not there; run \`cargo xtask maps ${version}\``);
  });
}

/** The git blob id, by which maps are known. */
export function revision(bytes) {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** The host of the map. Proxies can be given another answer than our program: 'drip' never comes to its end. */
export class MapHost {
  /** How often a proxy fetched from here: once at its start, and once a reload. */
  proxyHits = 0;

  static async start(bytes) {
    const host = new MapHost();
    host.serve(bytes);
    const server = createServer((request, response) => host.#answer(request, response));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    host.url = `http://127.0.0.1:${server.address().port}/model_prices_and_context_window.json`;
    atEnd(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    return host;
  }

  #drips = new Set();

  /** From now on everybody gets this map; who waits for one that drips, waits no longer. */
  serve(bytes) {
    for (const response of this.#drips) response.destroy();
    this.forAutosync = this.forProxies = answerOf(bytes);
  }

  dripForAutosync() {
    this.forAutosync = 'drip';
  }

  dripForProxies() {
    this.forProxies = 'drip';
  }

  /** Waits until a proxy has asked. */
  proxyHit() {
    return new Promise((done) => (this.onProxy = done));
  }

  #answer(request, response) {
    const agent = request.headers['user-agent'] ?? '';
    const isProxy = agent.startsWith('litellm/') || agent.startsWith('python'); // ours is litellm-autosync/…
    if (isProxy) {
      this.proxyHits += 1;
      this.onProxy?.();
    }
    const answer = isProxy ? this.forProxies : this.forAutosync;
    if (answer === 'drip') {
      response.writeHead(200, { 'content-length': 3_000_000 });
      const timer = setInterval(() => response.write(' '), 50);
      this.#drips.add(response);
      response.on('close', () => {
        clearInterval(timer);
        this.#drips.delete(response);
      });
      return;
    }
    const { bytes, zipped, etag } = answer;
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
    const zip = (request.headers['accept-encoding'] ?? '').includes('gzip');
    const headers = { 'content-type': 'text/plain; charset=utf-8', etag, 'cache-control': 'max-age=300' };
    if (zip) headers['content-encoding'] = 'gzip';
    response.writeHead(200, headers).end(zip ? zipped : bytes);
  }
}

const answerOf = (bytes) => ({ bytes, zipped: gzipSync(bytes, { level: 1 }), etag: `W/"${revision(bytes)}"` });

/** Starts a genuine LiteLLM proxy. A start takes 8 to 20 s, more while both cores are busy. */
export async function startProxy(version, mapUrl, { database = true } = {}) {
  const venv = join(cache, `venv-${version}`);
  await readFile(join(venv, 'complete')).catch(() => {
    throw new Error(`LiteLLM ${version} is not set up; run \`cargo xtask setup --proxy ${version}\``);
  });
  const python = process.platform === 'win32' ? join(venv, 'Scripts', 'python.exe') : join(venv, 'bin', 'python');
  const log = join(folder, `proxy-${version}-${database}.log`);
  const { LITELLM_LOCAL_MODEL_COST_MAP: _, ...env } = process.env;
  const args = [here('../proxy/real_proxy.py'), '--map-url', mapUrl, '--master-key', MASTER_KEY, ...(database ? [] : ['--no-db'])];
  const child = spawn(python, args, { cwd: folder, env: { ...env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stderr.pipe(createWriteStream(log));
  atEnd(() => ended(child, 'SIGKILL'));
  const line = await firstLine(child, (text) => text.startsWith('{'), 150_000).catch(async (cause) => {
    throw new Error(`LiteLLM ${version} did not start: ${cause.message}\n${(await readFile(log, 'utf8')).slice(-3000)}`);
  });
  return `http://127.0.0.1:${JSON.parse(line).port}`;
}

/** A home with these settings. */
export async function makeHome(name, settings) {
  const home = await mkdtemp(join(folder, `${name}-`));
  await writeFile(join(home, 'settings.toml'), settings);
  return home;
}

/** Settings that start nothing by themselves. */
export function quietSettings(source, more = '') {
  const [key, value] = source.includes('://') ? ['url', source] : ['file', source];
  return `schema = 1\n\n[source]\n${key} = ${JSON.stringify(value)}\nwatch = "off"\n\n[schedule]\npreset = "off"\n${more}`;
}

// The environment of the person who runs the tests must not become a proxy or a source.
const { LITELLM_PROXY_URL, LITELLM_PROXY_API_KEY, LITELLM_MASTER_KEY, LITELLM_MODEL_COST_MAP_URL, ...ownEnvironment } = process.env;
// No test needs the system's key store, and none may ask a person for it.
const environment = { ...ownEnvironment, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', WEB_KEY: MASTER_KEY, WEB_WRONG_KEY: 'sk-wrong' };

/** Runs `autosync` to its end. */
export async function autosync(home, ...args) {
  const { stdout } = await promisify(execFile)(program('AUTOSYNC_TEST_PROGRAM'), ['--home', home, ...args], { env: environment, timeout: PATIENCE_MS, maxBuffer: 1 << 26 });
  return stdout;
}

/** The development server over a home. */
export class Dashboard {
  /** `more` is added to its environment. */
  static async start(home, more = {}) {
    const board = new Dashboard();
    board.home = home;
    board.child = spawn(program('AUTOSYNC_TEST_DASHBOARD'), ['--home', home, '--ui', uiFolder, '--port', '0'], { cwd: folder, env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'inherit'] });
    atEnd(() => board.stop());
    let address;
    await firstLine(board.child, (line) => {
      address ??= /^Dashboard: (\S+)/.exec(line)?.[1];
      return line === 'ready';
    }, PATIENCE_MS);
    board.address = address;
    board.origin = new URL(address).origin;
    board.token = /#token=(.+)/.exec(address)[1];
    return board;
  }

  /** A command, as the page would send it. */
  async call(name, args = null) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', origin: this.origin };
    const response = await fetch(`${this.origin}/api/call/${name}`, { method: 'POST', headers, body: JSON.stringify(args) });
    const body = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(body)}`);
    return body;
  }

  settings() {
    return readFile(join(this.home, 'settings.toml'), 'utf8');
  }

  async stop(signal = 'SIGINT') {
    await ended(this.child, signal);
  }
}

async function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
  await gone;
  clearTimeout(timer);
}

function firstLine(child, isIt, milliseconds) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`nothing within ${milliseconds / 1000} s`)), milliseconds);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!isIt(line)) return;
      clearTimeout(timer);
      done(line);
    });
    child.once('error', fail);
    child.once('exit', (code, signal) => fail(new Error(`it ended with ${code ?? signal}`)));
  });
}
