// Rules that no compiler knows: what the content security policy and the port to the host forbid.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src', import.meta.url));

const rules = [
  { rule: '{@html} would show hostile text as markup', test: /\{@html/ },
  { rule: 'an inline style attribute breaks the content security policy; use style:prop', test: /\sstyle=["{]/ },
  { rule: 'innerHTML would show hostile text as markup', test: /innerHTML/ },
  { rule: 'only host/tauri.ts imports @tauri-apps', test: /from ['"]@tauri-apps/, except: /host\/tauri\.ts$/ },
  { rule: 'a plain on:event is no runes syntax', test: /\son:[a-z]+[=|]/ },
];

let found = 0;
for (const name of readdirSync(root, { recursive: true })) {
  const path = join(root, String(name));
  if (!/\.(svelte|ts)$/.test(path) || !statSync(path).isFile()) continue;
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      for (const { rule, test, except } of rules) {
        if (!test.test(line) || except?.test(path.replaceAll('\\', '/'))) continue;
        console.error(`${relative(root, path)}:${index + 1}: ${rule}`);
        found += 1;
      }
    });
}
if (found > 0) process.exitCode = 1;
