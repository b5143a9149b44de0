import { execFile } from 'node:child_process';
import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '@sallyport/host/core';

const run = promisify(execFile);

/** The version that plugins are built with. It is fixed because its output depends on the Python it bundles. */
export const componentizePyVersion = '0.25.1';

/** The command that runs componentize-py, and a Python next to it to install packages with. */
export interface Python {
  readonly componentize: readonly [command: string, ...args: string[]];
  readonly python: string;
}

/** Runs the package's entry point, because it has no module for `python3 -m`. */
const asModule = 'import sys, componentize_py; sys.argv[0] = "componentize-py"; sys.exit(componentize_py.script())';

/** Finds componentize-py. @throws Fault `toolchain_missing` */
export async function findPython(plugin: string): Promise<Python> {
  const hint = `pip install componentize-py==${componentizePyVersion}`;
  const program = await onPath('componentize-py');
  const beside = program && (await onPath('python3', dirname(await realpath(program))));
  const candidates: readonly Python[] = [
    ...(program === undefined ? [] : [{ componentize: [program] as const, python: beside ?? 'python3' }]),
    { componentize: ['python3', '-c', asModule], python: 'python3' },
  ];
  let other: string | undefined;
  for (const candidate of candidates) {
    const [command, ...args] = candidate.componentize;
    const { stdout } = await run(command, [...args, '--version']).catch(() => ({ stdout: '' }));
    const version = /^componentize-py (\S+)/.exec(stdout)?.[1];
    if (version === componentizePyVersion) return candidate;
    other ??= version;
  }
  const what =
    other === undefined
      ? 'componentize-py is not installed'
      : `componentize-py ${other} is installed, and plugins are built with ${componentizePyVersion}`;
  return fail('toolchain_missing', { plugin, what, hint });
}

async function onPath(name: string, path = process.env.PATH ?? ''): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}
