import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileProblem } from '../../core/file-problem.ts';

/** The command to start. */
interface Start {
  readonly command: string;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Where commands are searched without a PATH, as in execvp(3). */
const defaultPath = '/bin:/usr/bin';

/**
 * Explains why a stdio server cannot be started, and names the setting: its folder or command does not exist, or the
 * command must not be executed. Undefined when no problem can be seen beforehand.
 */
export async function commandProblem({ command, cwd, env }: Start): Promise<string | undefined> {
  if (cwd !== undefined) {
    const problem = await stat(cwd).then(
      found => (found.isDirectory() ? undefined : 'it is not a folder'),
      fileProblem,
    );
    if (problem !== undefined) return `cannot use the folder of \`stdio.cwd\`, ${cwd}: ${problem}`;
  }
  const candidates = command.includes('/')
    ? [resolve(cwd ?? '.', command)]
    : (env?.PATH ?? process.env.PATH ?? defaultPath).split(delimiter).map(folder => join(folder || '.', command));
  const problems = await Promise.all(candidates.map(executableProblem));
  if (problems.includes(undefined)) return undefined;
  const denied = problems.find(problem => problem !== notFound);
  if (denied !== undefined) return `cannot execute \`stdio.command\` ${command}: ${denied}`;
  const where = command.includes('/') ? 'the file does not exist' : 'it is not on the PATH of the gateway';
  return `cannot find \`stdio.command\` ${command}: ${where}`;
}

const notFound = Symbol('not found');

async function executableProblem(file: string): Promise<string | typeof notFound | undefined> {
  try {
    if (!(await stat(file)).isFile()) return notFound;
    await access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? notFound : fileProblem(error);
  }
}
