/**
 * Writes every generated file of the repository or, with `--check`, compares them with the existing ones.
 * A generator returns path and text; to add one, add an entry to `generators`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { adminDescription } from './generate-admin-document.ts';
import { capabilityList } from './generate-capability-list.ts';
import { capabilityRegistries } from './generate-capability-registries.ts';
import { capabilityTables } from './generate-capability-tables.ts';
import { configSchemas } from './generate-config-schemas.ts';
import { contractTable } from './generate-contract-table.ts';
import { contractTypes } from './generate-contract-types.ts';
import { errorList } from './generate-error-list.ts';
import { goSdk } from './generate-go-sdk.ts';
import { hookList } from './generate-hook-list.ts';
import { javaScriptTypes } from './generate-javascript-types.ts';
import { pythonSdk } from './generate-python-sdk.ts';
import { worldList } from './generate-worlds.ts';

const root = join(import.meta.dirname, '../..');
// The worlds come first, because all other generators read wit/.
const generators = [
  worldList,
  capabilityRegistries,
  contractTypes,
  contractTable,
  configSchemas,
  adminDescription,
  errorList,
  hookList,
  capabilityList,
  capabilityTables,
  javaScriptTypes,
  goSdk,
  pythonSdk,
];
const check = process.argv.includes('--check');

const stale: string[] = [];
for (const generator of generators) {
  for (const [path, text] of await generator(root)) {
    const file = join(root, path);
    const present = await readFile(file, 'utf8').catch(() => undefined);
    if (present === text) continue;
    stale.push(relative(root, file));
    if (check) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
if (check && stale.length > 0) {
  console.error(
    `Generated files are out of date; run \`pnpm generate\`:\n${stale.map(path => `  ${path}`).join('\n')}`,
  );
  process.exitCode = 1;
} else {
  console.error(stale.length === 0 ? 'Generated files are up to date.' : `Wrote ${stale.join(', ')}`);
}
