import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { codeCacheEnvironment } from '../../../core/code-cache.js';
import { forkBoundChild } from '../bound-child.ts';
import type { BinaryPlugin, ThreadData } from '../lane/channel.ts';
import type { FromLane, LaneData, LanePlugin, ToLane } from '../lane/message.ts';

/** What carries a lane: a thread, or a process. Events may come as soon as it was made. */
export interface LaneBody {
  send(message: ToLane): void;
  onMessage(listener: (message: FromLane) => void): void;
  onError(listener: (error: unknown) => void): void;
  onExit(listener: () => void): void;
  /** What it has used of the CPU so far, in milliseconds; undefined where that cannot be known. Answers while it loops. */
  cpuMs(): Promise<number | undefined>;
  /** Ends it wherever it is. */
  terminate(): Promise<void>;
}

const program = new URL('../lane/worker.ts', import.meta.url);
/** Bounds of the thread itself. A guest's memory is bounded by its modules; this bounds what glue makes of it. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** A thread that loads the code of a lane, and then waits for its plugins. */
export const startThread = (): Worker =>
  new Worker(program, { resourceLimits, env: codeCacheEnvironment(), stdin: false, stdout: true, stderr: true });

/** @param thread one that has no plugins yet */
export function threadBody({ plugins, ...shared }: LaneData, thread: Worker = startThread()): LaneBody {
  thread.postMessage({ plugins: plugins.map(withoutBinaries), ...shared } satisfies ThreadData);
  return {
    send: message => thread.postMessage(message),
    onMessage: listener => void thread.on('message', listener),
    onError: listener => void thread.on('error', listener),
    onExit: listener => void thread.on('exit', listener),
    cpuMs: async () => {
      const { user, system } = await thread.cpuUsage();
      return (user + system) / 1000;
    },
    terminate: async () => void (await thread.terminate()),
  };
}

/** Arguments of Node for the process of a lane: of all files, it may read those of the gateway's own code. */
export const laneArguments: readonly string[] = [
  '--permission',
  `--allow-fs-read=${fileURLToPath(new URL('../../../..', import.meta.url))}`,
  '--max-old-space-size=256',
];

/**
 * The same code in a child process under Node's permission model: it reads the gateway's code and no other file,
 * writes none, starts no processes, threads or addons, and has an empty environment.
 */
export function processBody(plugins: readonly LanePlugin[]): LaneBody {
  const child = forkBoundChild(program, { restraints: laneArguments, stderr: 'ignore' });
  child.send(plugins.map(withBinaries), () => {});
  return {
    send: message => void (child.connected && child.send(message, () => {})),
    onMessage: listener => void child.on('message', listener),
    onError: listener => void child.on('error', listener),
    onExit: listener => void child.on('exit', listener),
    cpuMs: async () => (child.pid === undefined ? undefined : await processCpuMs(child.pid)),
    terminate: () => killed(child),
  };
}

/** Ticks of a process, as Linux counts them: the 14th and 15th field, a hundred a second. (proc(5), /proc/pid/stat) */
async function processCpuMs(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name, and may hold spaces.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return user === undefined || system === undefined ? undefined : (Number(user) + Number(system)) * 10;
}

const withoutBinaries = ({
  component: { binaries: _, ...component },
  ...plugin
}: LanePlugin): ThreadData['plugins'][number] => ({ ...plugin, component });

const withBinaries = ({ component: { modules: _, ...component }, ...plugin }: LanePlugin): BinaryPlugin => ({
  ...plugin,
  component,
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
