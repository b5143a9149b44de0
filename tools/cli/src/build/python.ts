import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { capabilities } from '@sallyport/host/capability/registry';
import { fail } from '@sallyport/host/core/fault';
import { findPython } from './find-python.ts';
import { mainFile } from './main-file.ts';
import { pythonPackages } from './python-packages.ts';
import type { Toolchain } from './toolchain.ts';
import { worldName } from './world.ts';

const run = promisify(execFile);

const extension = '.py';
/** The package that binds Python's library to the plugin's world, and the one that authors write plugins with. */
const start = join(import.meta.dirname, '../../python');
const sdk = join(import.meta.dirname, '../../../../sdk/python');
const entryName = 'sallyport_entry';

/** Python, with componentize-py, which puts a whole Python into the component. */
export const python: Toolchain = {
  language: 'python',
  exporting: 'export the plugin: Lifecycle, DispatchHooks = transform(…)',
  extension,
  // Hashes of strings begin with a random number in each build, and so does all that is ordered by them.
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
      return fail('plugin_build_failed', { ...about, what: 'a module of Python cannot have this name', hint });
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

/** The module that begins: what it does not import before the plugin would see the machine on which it is built. */
const entry = (module: string): string => `import sys

sys.dont_write_bytecode = True
import sallyport_start

sallyport_start.begin()
import ${module}

globals().update(sallyport_start.exports_of(${module}))
`;

/** Packages of the author's environment would be taken too; of this one there are none. */
async function emptyEnvironment(scratch: string): Promise<string> {
  const folder = join(scratch, 'environment');
  await mkdir(join(folder, 'lib/site-packages'), { recursive: true });
  return folder;
}

/** What Python says of the plugin's source, or else what the command says. */
function complaint(error: unknown): { readonly what: string; readonly hint?: string } {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const undeclared = /No module named 'wit_world\.imports\.(\w+)'/.exec(stderr)?.[1];
  if (undeclared !== undefined) {
    const wit = `sallyport:plugin/${undeclared.replaceAll('_', '-')}@`;
    const capability = capabilities.find(each => each.wit.some(name => name.startsWith(wit)))?.name ?? undeclared;
    const what = `it imports sallyport.${undeclared}, and plugin.json does not name the capability ${capability}`;
    return { what, hint: `add "${capability}" to required_capabilities in plugin.json` };
  }
  // The tool's own traceback comes first, and causes that say the same once more come last.
  const [, said = stderr] = /(?:^|\n)AssertionError: (.*?)(?:\n\nCaused by:\n.*)?$/s.exec(stderr.trim()) ?? [];
  // What the plugin printed stands before.
  const trace = said.indexOf('Traceback (most recent call last):');
  return { what: said.slice(Math.max(0, trace)).trim() || message };
}
