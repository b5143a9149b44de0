import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '@sallyport/host/core/fault';

const run = promisify(execFile);

/** The Python that componentize-py puts into a component. */
const guestPython = '3.14';
/** Packages that are Python alone: what is compiled for this machine is of no use to a plugin. */
const pureAlone = [
  ...['--only-binary', ':all:', '--implementation', 'py', '--abi', 'none', '--platform', 'any'],
  ...['--python-version', guestPython],
];

/**
 * Installs what requirements.txt of a plugin's folder names, into a folder of that folder, once for each content of the
 * file. Yields the folder; undefined where there is no requirements.txt.
 * @throws Fault `plugin_build_failed`, with what pip says
 */
export async function pythonPackages(
  { plugin, folder, python }: { readonly plugin: string; readonly folder: string; readonly python: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const file = join(folder, 'requirements.txt');
  const text = await readFile(file).catch(() => undefined);
  if (text === undefined) return undefined;
  const key = createHash('sha256').update(text).update(guestPython).digest('hex').slice(0, 16);
  const installed = join(folder, '.sallyport/python', key);
  if ((await stat(installed).catch(() => undefined)) !== undefined) return installed;

  await mkdir(dirname(installed), { recursive: true });
  const draft = await mkdtemp(`${installed}-`);
  try {
    const order = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-compile'];
    await run(python, [...order, ...pureAlone, '--target', draft, '--requirement', file], { signal }).catch(error =>
      fail('plugin_build_failed', { plugin, file, ...complaint(error) }, error),
    );
    // Another build may have been as fast.
    await rename(draft, installed).catch(() => {});
    return installed;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What pip says. */
function complaint(error: unknown): { readonly what: string; readonly hint?: string } {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  if (stderr.includes('No module named pip')) {
    return { what: 'this Python has no pip', hint: 'install pip, on Debian apt-get install python3-pip' };
  }
  const lines = stderr.split('\n').filter(line => line.startsWith('ERROR: '));
  const what = lines.map(line => line.slice('ERROR: '.length)).join('\n') || message;
  const impure = /No matching distribution/.test(what);
  return { what, ...(impure && { hint: 'name a package that exists, and that is written in Python alone' }) };
}
