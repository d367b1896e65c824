// Parts that several files of tests share, each made once.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { autosync, Dashboard, folder, makeHome, map, MapHost, quietSettings, startProxy } from './stage.mjs';

/** Two real maps with thousands of differences, and months between them. */
export const OLD = '1.102.4';
export const NEW = '1.110.2';

const once = (make) => {
  let made;
  return () => (made ??= make());
};

/** A dashboard whose ledger holds both maps, by two real checks of the source; no proxy, and the welcome is over. */
export const historyBoard = once(async () => {
  const source = join(folder, 'source.json');
  const home = await makeHome('history', quietSettings(source));
  for (const version of [OLD, NEW]) {
    await writeFile(source, await map(version));
    await autosync(home, 'sync');
  }
  const board = await Dashboard.start(home);
  await board.call('end_first_run');
  return board;
});

/** The host that the proxies and the dashboard of `live` read their map from. */
export const liveHost = once(async () => MapHost.start(await map(OLD)));

/** Three proxies, on their way. */
export const startProxies = once(() => {
  const start = async (version, options) => startProxy(version, (await liveHost()).url, options);
  const all = { main: start('1.110.2'), older: start('1.90.7'), plain: start('1.110.2', { database: false }) };
  // Each is awaited by the first test that needs it, which then tells why there is none.
  for (const one of Object.values(all)) one.catch(() => {});
  return all;
});
