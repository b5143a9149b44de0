import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { folders } from '../tools/scripts/boundary-rules.ts';
import { checkBoundaries } from '../tools/scripts/check-boundaries.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'boundaries-'));
});
afterEach(() => rm(root, { recursive: true }));

/** One module for each folder of the table, and `files` beside them or in their place. */
async function check(files: Readonly<Record<string, string>>) {
  const sound = Object.keys(folders).map(folder => [`host/src/${folder}/a.ts`, 'export const a = 1;'] as const);
  for (const [path, text] of [...sound, ...packages, ...Object.entries(files)]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return checkBoundaries(root);
}

const packages = [
  'hono',
  '@hono/node-server',
  '@modelcontextprotocol/client',
  '@bytecodealliance/jco-transpile',
  'vitest',
  'zod',
].flatMap(name => [
  [`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' })] as const,
  [`node_modules/${name}/index.js`, ''] as const,
]);

it.each([
  ['the folders of the table', {}],
  ['what the table allows', { 'host/src/http/b.ts': "import { a } from '../gateway/a.ts'; import 'hono'; a;" }],
  ['host, which may import all', { 'host/src/host/b.ts': "import '../gateway/a.ts'; import '../runtime/a.ts';" }],
  ['a tool that uses the host', { 'tools/x/src/x.ts': "import '../../../host/src/public/a.ts'; import 'hono';" }],
  ['a test of a tool, which may look behind', { 'tools/x/src/x.test.ts': "import '../../../host/src/core/a.ts';" }],
  [
    'a test with its libraries and fixtures',
    {
      'test/fixtures/f.ts': '',
      'host/src/hook/a.test.ts':
        "import 'vitest'; import 'hono'; import '../../../test/fixtures/f.ts'; import './a.case.ts';",
      'host/src/hook/a.case.ts': "import 'vitest';",
    },
  ],
  [
    'what lanes need',
    {
      'host/src/core/b.ts': "import 'node:module';",
      'host/src/capability/clock/lane.ts': "import 'node:crypto'; import '../lane/c.ts'; import './lane/d.ts';",
      'host/src/capability/clock/lane/d.ts': "import '../../../core/b.ts';",
      'host/src/capability/lane/c.ts': '',
      'host/src/runtime/wasm/c.ts': '',
      'host/src/runtime/wasm/lane/b.ts':
        "import 'node:vm'; import '../../../capability/clock/lane.ts'; import '../c.ts';",
      'host/src/capability/clock/gateway.ts': "import 'zod'; import './lane.ts';",
      'host/src/capability/clock/lane.test.ts': "import 'vitest'; import 'node:fs';",
    },
  ],
  [
    'generated types',
    {
      'host/src/contract/generated/types.d.ts': 'export type T = 1;',
      'host/src/hook/b.ts': "import type { T } from '../contract/generated/types.js'; export const t: T = 1;",
    },
  ],
])('[RUN-20] accepts %s', async (_, files) => {
  expect((await check(files)).problems).toEqual([]);
});

it.each([
  [
    'a folder that the table does not allow',
    { 'host/src/hook/b.ts': "import { a } from '../runtime/a.ts'; a;" },
    'hook may import core',
  ],
  [
    'a type of such a folder',
    { 'host/src/core/b.ts': "import type { a } from '../hook/a.ts'; export type B = typeof a;" },
    'core may import nothing of ours',
  ],
  ['the host from a folder', { 'host/src/plugin/b.ts': "import '../host/a.ts';" }, 'plugin may import'],
  ['an entry', { 'tools/x/src/main.ts': '', 'tools/x/src/b.ts': "import './main.ts';" }, 'an entry only reads argv'],
  ['Hono outside http', { 'host/src/gateway/b.ts': "import 'hono';" }, 'only http may import hono'],
  ['its server outside http', { 'host/src/host/b.ts': "import '@hono/node-server';" }, 'only http may import hono'],
  [
    'a revision from another one',
    {
      'host/src/mcp/revision/2025-11-25/b.ts': "import '../2026-07-28/b.ts';",
      'host/src/mcp/revision/2026-07-28/b.ts': '',
    },
    'a revision of MCP imports no other revision',
  ],
  [
    'the MCP client',
    { 'host/src/upstream/mcp/b.ts': "import '@modelcontextprotocol/client';" },
    'only tests may import',
  ],
  [
    'state from a message of MCP',
    { 'host/src/mcp/b.ts': "import '../state/b.ts';", 'host/src/state/b.ts': '' },
    'mcp may import core',
  ],
  [
    'the gateway from a revision of MCP',
    { 'host/src/mcp/revision/2025-11-25/b.ts': "import '../../../gateway/a.ts';" },
    'mcp/revision may import',
  ],
  [
    'jco outside the runtime',
    { 'host/src/plugin/b.ts': "import '@bytecodealliance/jco-transpile';" },
    'only runtime/wasm may import',
  ],
  [
    'worker threads outside the runtime and the store on disk',
    { 'host/src/plugin/b.ts': "import 'node:worker_threads';" },
    'only runtime/wasm and state/sqlite may import',
  ],
  [
    'a tool from the host',
    { 'tools/x/src/x.ts': '', 'host/src/core/b.ts': "import '../../../tools/x/src/x.ts';" },
    'imports nothing from tools',
  ],
  [
    'a fixture from the host',
    { 'test/fixtures/f.ts': '', 'host/src/core/b.ts': "import '../../../test/fixtures/f.ts';" },
    'imports nothing from tools',
  ],
  ['a test library from the host', { 'host/src/core/b.ts': "import 'vitest';" }, 'only tests may import tests'],
  [
    'a circle',
    { 'host/src/core/b.ts': "import './c.ts';", 'host/src/core/c.ts': "import './b.ts';" },
    'no circular imports',
  ],
  [
    'a circle of types',
    {
      'host/src/core/b.ts': "import type { C } from './c.ts'; export type B = C;",
      'host/src/core/c.ts': "import type { B } from './b.ts'; export type C = B;",
    },
    'no circular imports',
  ],
  [
    'a package from a lane',
    { 'host/src/runtime/wasm/lane/b.ts': "import 'zod';" },
    'lane/b.ts → node_modules/zod/index.js: lane code',
  ],
  [
    'a package from what a lane imports',
    { 'host/src/core/b.ts': "import 'zod';", 'host/src/runtime/wasm/lane/b.ts': "import '../../../core/b.ts';" },
    'lane code may reach',
  ],
  [
    'the gateway’s side of a capability from its lane’s side',
    { 'host/src/capability/clock/gateway.ts': '', 'host/src/capability/clock/lane.ts': "import './gateway.ts';" },
    'lane code may reach',
  ],
  [
    'a type of it',
    {
      'host/src/capability/b.ts': 'export type B = 1;',
      'host/src/runtime/wasm/lane/b.ts': "import type { B } from '../../../capability/b.ts'; export const b: B = 1;",
    },
    'lane code may reach',
  ],
  ...['dns/promises', 'fs', 'fs/promises', 'net', 'https', 'child_process'].map(
    (name): [string, Record<string, string>, string] => [
      `node:${name} from a lane`,
      {
        'host/src/runtime/wasm/b.ts': `export const b = () => import('node:${name}');`,
        'host/src/runtime/wasm/lane/b.ts': "import '../b.ts';",
      },
      `lane/b.ts → ${name}: lane code may reach`,
    ],
  ),
  ['what is not there', { 'host/src/core/b.ts': "import './nowhere.ts';" }, 'cannot be resolved'],
])('[RUN-20] refuses an import of %s', async (_, files, problem) => {
  expect((await check(files)).problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
});

it('[RUN-21] refuses a folder that is not in the table', async () => {
  expect((await check({ 'host/src/common/a.ts': '' })).problems).toEqual([
    'host/src/common is not in the table of folders',
  ]);
});

it('[RUN-21] refuses a tree of which nothing was read', async () => {
  await mkdir(join(root, 'host/src/core'), { recursive: true });
  expect(await checkBoundaries(root)).toEqual({ modules: 0, problems: ['no module was read'] });
});

it('[RUN-21] refuses a folder of which nothing was read', async () => {
  await mkdir(join(root, 'host/src/hook'), { recursive: true });
  await mkdir(join(root, 'host/src/core'), { recursive: true });
  await writeFile(join(root, 'host/src/core/a.ts'), '');
  expect((await checkBoundaries(root)).problems).toEqual(['host/src/hook: no module was read']);
});
