import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const children = new Set<ChildProcess>();

interface Options {
  /** Arguments of Node. */
  readonly restraints: readonly string[];
  readonly stderr: 'ignore' | 'pipe';
}

/**
 * Runs a module of ours in a Node process with an empty environment and a channel for messages. It ends when ours ends:
 * one that loops would not notice that nobody is there any more. Where util-linux is there, the kernel sees to that even
 * after SIGKILL, and lets the process gain no privileges. (prctl(2), PR_SET_PDEATHSIG and PR_SET_NO_NEW_PRIVS)
 */
export function forkBoundChild(program: URL, { restraints, stderr }: Options): ChildProcess {
  const [execPath = process.execPath, ...before] = [...binding(), process.execPath];
  const child = fork(fileURLToPath(program), {
    serialization: 'advanced',
    env: {},
    execPath,
    // SIGUSR1 would open Node's debugger to every user of this machine.
    execArgv: [...before, '--disable-sigusr1', ...restraints],
    stdio: ['ignore', 'ignore', stderr, 'ipc'],
  });
  if (children.size === 0) process.on('exit', killAll);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killAll);
  });
  return child;
}

let found: readonly string[] | undefined;

/** What is put before a command, once it was seen to work. Not looked for on the PATH, which anybody may have changed. */
function binding(): readonly string[] {
  if (found !== undefined) return found;
  const [program, ...options] = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'] as const;
  const { status } = spawnSync(program, [...options, '/bin/true'], { env: {}, stdio: 'ignore' });
  found = status === 0 ? [program, ...options] : [];
  return found;
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}
