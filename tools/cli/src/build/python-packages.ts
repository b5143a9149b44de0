import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '@sallyport/host/core';

const run = promisify(execFile);

/** The Python version that componentize-py puts into a component. */
const guestPython = '3.14';
/** pip options for pure Python packages, because native code for this machine cannot run in a plugin. */
const pureAlone = [
  ...['--only-binary', ':all:', '--implementation', 'py', '--abi', 'none', '--platform', 'any'],
  ...['--python-version', guestPython],
];

interface PackagesOf {
  readonly plugin: string;
  readonly folder: string;
  /** A Python with pip. */
  readonly python: string;
  /** Prints a line for the user. */
  say(line: string): void;
}

/**
 * Installs the packages of a plugin's requirements.txt into a subfolder, once per content of the file. Returns that
 * folder; undefined when there is no requirements.txt.
 * @throws Fault `plugin_build_failed` with pip's message, or for a package that pip took in an older major version
 * because the newest is not pure Python
 */
export async function pythonPackages(
  { plugin, folder, python, say }: PackagesOf,
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
    const versions = await installedIn(draft);
    const all = [...versions].map(([name, version]) => `${name} ${version}`);
    say(`${plugin}: packages of requirements.txt: ${all.join(', ') || 'none'}`);
    const older = await olderMajors(python, unpinned(text.toString('utf8')), versions, signal);
    if (older.length > 0) {
      const hint = 'pin the version you want as NAME==VERSION; a plugin cannot contain native code';
      fail('plugin_build_failed', { plugin, file, what: older.join('\n'), hint });
    }
    // Another build may have installed them at the same time.
    await rename(draft, installed).catch(() => {});
    return installed;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Returns pip's error messages. */
function complaint(error: unknown): { readonly what: string; readonly hint?: string } {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  if (stderr.includes('No module named pip')) {
    return { what: 'this Python has no pip', hint: 'install pip, on Debian apt-get install python3-pip' };
  }
  const lines = stderr.split('\n').filter(line => line.startsWith('ERROR: '));
  const what = lines.map(line => line.slice('ERROR: '.length)).join('\n') || message;
  const impure = /No matching distribution|ResolutionImpossible|conflicting dependencies/.test(what);
  const hint =
    'use an existing package that is pure Python, its dependencies included: pydantic 2, for example, needs pydantic-core, which is native code';
  return { what, ...(impure && { hint }) };
}

/** Returns the versions of the packages installed in a folder, by lower-case name. */
async function installedIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = (await readdir(folder)).flatMap(name => {
    const [, of = '', version = ''] = /^(.+)-([^-]+)\.dist-info$/.exec(name) ?? [];
    return of === '' ? [] : [[normal(of), version] as const];
  });
  return new Map(found.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Normalizes a package name as PyPI does (PEP 503). */
const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** Lists the packages that requirements.txt names without a version. */
const unpinned = (text: string): readonly string[] =>
  text.split('\n').flatMap(line => /^\s*([A-Za-z0-9][\w.-]*)(\[[^\]]*\])?\s*(#.*)?$/.exec(line)?.[1] ?? []);

/** Describes each package that was installed in an older major version than the newest one. */
async function olderMajors(
  python: string,
  names: readonly string[],
  versions: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const descriptions = names.map(async name => {
    const taken = versions.get(normal(name));
    const order = ['-m', 'pip', 'index', 'versions', '--disable-pip-version-check', '--no-input', name];
    // Without an answer from the index there is nothing to report.
    const { stdout } = await run(python, order, { signal }).catch(() => ({ stdout: '' }));
    const [, newest] = /\(([^)]+)\)/.exec(stdout) ?? [];
    if (taken === undefined || newest === undefined || majorOf(taken) >= majorOf(newest)) return [];
    return [`${name} ${newest} is not pure Python, so pip took ${taken}`];
  });
  return (await Promise.all(descriptions)).flat();
}

const majorOf = (version: string): number => Number.parseInt(version, 10);
