import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost, Faults, loadConfig, silentLog } from '@sallyport/host';
import { expect, it } from 'vitest';
import host from '../host/package.json' with { type: 'json' };
import { temporaryFolder } from './fixtures/temporary-folder.ts';

const folder = join(import.meta.dirname, '../host/src/public');

/** Sub-paths that lead to a module itself: Node loads them before or without the rest. */
const alone = { './code-cache': './src/core/code-cache.js' };
const processes = { './transpile-child': './src/runtime/wasm/compile/transpile-child.ts' };

it('[RUN-110] exports every file of host/src/public, and nothing else but what Node loads by itself', async () => {
  const files = (await readdir(folder)).map(file => [
    file === 'index.ts' ? '.' : `./${file.replace(/\.ts$/, '')}`,
    `./src/public/${file}`,
  ]);
  expect(host.exports).toEqual({ ...Object.fromEntries(files), ...alone, ...processes });
});

it('[RUN-110] documents each sub-path', async () => {
  const text = await readFile(join(import.meta.dirname, '../docs/architecture.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `(@sallyport\/host[^`]*)` \|/gm)].map(([, path]) => path);
  expect(documented.toSorted()).toEqual(
    Object.keys(host.exports)
      .map(path => `@sallyport/host${path.slice(1)}`)
      .toSorted(),
  );
});

it.each(['core/fault', 'host/create-host', 'src/core/fault.ts'])(
  '[RUN-110] refuses to resolve @sallyport/host/%s, which is not listed',
  path => {
    expect(() => import.meta.resolve(`@sallyport/host/${path}`)).toThrow(/not (exported|defined by "exports")/);
  },
);

it('[RUN-110] gives a program that embeds the gateway all that it needs', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  const upstreams = [{ id: 'u', http: { url: 'http://127.0.0.1:9/mcp' }, required: false }];
  await writeFile(file, JSON.stringify({ cache_dir: folder, upstreams, bindings: [{ id: 'b', upstreams: ['u'] }] }));
  await using gateway = await createHost(await loadConfig(file), { log: silentLog() });
  const { url } = await gateway.server.listen({ host: '127.0.0.1', port: 0 });
  expect((await fetch(`${url}/healthz`)).ok).toBe(true);
  await writeFile(file, 'bindings: 7');
  await expect(loadConfig(file)).rejects.toBeInstanceOf(Faults);
});

it('[RUN-110] lists each name once in the file of a sub-path', async () => {
  for (const file of await readdir(folder)) {
    const text = await readFile(join(folder, file), 'utf8');
    const names = [...text.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
      list.split(',').flatMap(name => name.replace(/\btype\b/, '').trim() || []),
    );
    expect(text).not.toContain('export *');
    expect(names).toEqual([...new Set(names)]);
  }
});
