import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const children = new Set<ChildProcess>();

interface Options {
  /** Arguments of Node. */
  readonly restraints: readonly string[];
  readonly stderr: 'ignore' | 'pipe';
}

/**
 * Runs a module of the gateway in a Node process with an empty environment and a channel for messages. The process is
 * killed when the gateway ends, because one that loops would not notice it. Where util-linux is installed, the kernel
 * does that even after SIGKILL, and the process cannot gain privileges. (prctl(2), PR_SET_PDEATHSIG,
 * PR_SET_NO_NEW_PRIVS)
 */
export function forkBoundChild(program: URL, { restraints, stderr }: Options): ChildProcess {
  const [execPath = process.execPath, ...before] = [...binding(), process.execPath];
  const child = fork(fileURLToPath(program), {
    serialization: 'advanced',
    env: {},
    execPath,
    // SIGUSR1 would open Node's debugger to all users of the machine.
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

/**
 * Returns what to put before a command, if it works here. The program is not searched on the PATH, which may be
 * changed.
 */
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
