import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { capabilities } from '@sallyport/host/capability';
import { fail } from '@sallyport/host/core';
import { findPython } from './find-python.ts';
import { mainFile } from './main-file.ts';
import { pythonPackages } from './python-packages.ts';
import type { Toolchain } from './toolchain.ts';
import { worldName } from './world.ts';

const run = promisify(execFile);

const extension = '.py';
/** The package that binds Python's standard library to the plugin's world, and the SDK for authors. */
const start = join(import.meta.dirname, '../../python');
const sdk = join(import.meta.dirname, '../../../../sdk/python');
const entryName = 'sallyport_entry';

/** The Python toolchain: componentize-py, which puts a whole Python into the component. */
export const python: Toolchain = {
  language: 'python',
  exporting: {
    transform: 'export the plugin: Lifecycle, DispatchHooks = transform(…)',
    policy: 'export the plugin: Lifecycle, PolicyCheck = policy(…)',
    identity: 'export the plugin: Lifecycle, IdentityCheck = identity(…)',
    federation: 'export the plugin: Lifecycle, FederationCheck = federation(…)',
  },
  extension,
  // String hashes have a random seed in each build, and everything ordered by them differs.
  reproducible: false,
  recognizes: async folder => (await mainFile(folder, extension)) !== undefined,

  async build({ descriptor, folder, source: named, worldDir, say, signal }) {
    const source = resolve(named ?? (await mainFile(folder, extension)) ?? folder);
    const about = { plugin: descriptor.id, file: source };
    await access(source).catch(error =>
      fail('plugin_build_failed', { ...about, hint: 'name a file that can be read' }, error),
    );
    const module = basename(source, extension);
    if (!/^[A-Za-z_]\w*$/.test(module)) {
      const hint = `rename it, for example ${module.replace(/\W/g, '_')}${extension}`;
      return fail('plugin_build_failed', { ...about, what: 'this is not a valid name for a Python module', hint });
    }
    const { componentize, python } = await findPython(descriptor.id);
    const packages = await pythonPackages({ plugin: descriptor.id, folder, python, say }, signal);
    const scratch = await mkdtemp(join(tmpdir(), 'sallyport-python-'));
    try {
      await writeFile(join(scratch, `${entryName}${extension}`), entry(module));
      const folders = [scratch, start, dirname(source), ...(packages === undefined ? [] : [packages]), sdk];
      const out = join(scratch, 'out.wasm');
      const order = [
        ...['--quiet', '--wit-path', worldDir, '--world', worldName, 'componentize', '--stub-wasi'],
        ...folders.flatMap(each => ['--python-path', each]),
        ...['--output', out, entryName],
      ];
      const [command, ...args] = componentize;
      const env = { ...process.env, VIRTUAL_ENV: await emptyEnvironment(scratch) };
      await run(command, [...args, ...order], { env, signal }).catch(error =>
        fail('plugin_build_failed', { ...about, ...complaint(error) }, error),
      );
      return await readFile(out);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
};

/** The entry module. Whatever it does not bind before it imports the plugin would see the build machine. */
const entry = (module: string): string => `import sys

sys.dont_write_bytecode = True
import sallyport_start

sallyport_start.begin()
import ${module}

globals().update(sallyport_start.exports_of(${module}))
`;

/** Creates an empty virtual environment, so that packages of the author's own are not picked up. */
async function emptyEnvironment(scratch: string): Promise<string> {
  const folder = join(scratch, 'environment');
  await mkdir(join(folder, 'lib/site-packages'), { recursive: true });
  return folder;
}

/** Returns Python's error about the plugin's source, or else the command's own error. */
function complaint(error: unknown): { readonly what: string; readonly hint?: string } {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const undeclared = /No module named 'wit_world\.imports\.(\w+)'/.exec(stderr)?.[1];
  if (undeclared !== undefined) {
    const wit = `sallyport:plugin/${undeclared.replaceAll('_', '-')}@`;
    const capability = capabilities.find(each => each.wit.some(name => name.startsWith(wit)))?.name ?? undeclared;
    const what = `it imports sallyport.${undeclared}, but plugin.json does not name the capability ${capability}`;
    return { what, hint: `add "${capability}" to required_capabilities in plugin.json` };
  }
  // The tool's own traceback comes first, and repeated causes come last.
  const [, said = stderr] = /(?:^|\n)AssertionError: (.*?)(?:\n\nCaused by:\n.*)?$/s.exec(stderr.trim()) ?? [];
  // The plugin's own output comes before the traceback.
  const trace = said.indexOf('Traceback (most recent call last):');
  return { what: said.slice(Math.max(0, trace)).trim() || message };
}
