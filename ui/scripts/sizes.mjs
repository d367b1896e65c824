// Tells how large the built files are, and fails when the script is larger than it may be.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Gzipped bytes that all scripts together may have. */
const SCRIPT_LIMIT = 130 * 1024;

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const files = readdirSync(dist, { recursive: true })
  .map((name) => join(dist, String(name)))
  .filter((path) => statSync(path).isFile());

let script = 0;
for (const path of files) {
  const bytes = readFileSync(path);
  const packed = gzipSync(bytes, { level: 9 }).length;
  if (path.endsWith('.js')) script += packed;
  console.log(`${relative(dist, path).padEnd(40)} ${kib(bytes.length)} ${kib(packed)} gzip`);
}
console.log(`all scripts: ${kib(script)} gzip of ${kib(SCRIPT_LIMIT)}`);
if (script > SCRIPT_LIMIT) {
  console.error('The scripts are too large.');
  process.exitCode = 1;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`.padStart(10);
}
