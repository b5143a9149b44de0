import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileProblem } from '../../core/file-problem.ts';

/** What is to be started. */
interface Start {
  readonly command: string;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Where commands are looked for when there is no PATH, as execvp(3) does. */
const defaultPath = '/bin:/usr/bin';

/**
 * Why a stdio server cannot be started as things stand, in words that name the setting: its folder is not there, or its
 * command is not, or may not be executed. Undefined when all that can be known beforehand is right.
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
  const denied = problems.find(problem => problem !== notThere);
  if (denied !== undefined) return `cannot execute \`stdio.command\` ${command}: ${denied}`;
  const where = command.includes('/') ? 'the file does not exist' : 'it is not on the PATH of the gateway';
  return `cannot find \`stdio.command\` ${command}: ${where}`;
}

const notThere = Symbol('not there');

async function executableProblem(file: string): Promise<string | typeof notThere | undefined> {
  try {
    if (!(await stat(file)).isFile()) return notThere;
    await access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? notThere : fileProblem(error);
  }
}
