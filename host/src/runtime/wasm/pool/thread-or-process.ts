import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { forkBoundChild } from '../../../core/bound-child.ts';
import { codeCacheEnvironment } from '../../../core/code-cache.js';
import type { BinaryPlugin, ThreadData } from '../lane/channel.ts';
import type { FromLane, LaneData, LanePlugin, ToLane } from '../lane/message.ts';
import { MessageCount } from '../lane/shared-memory.ts';

/** The thread or process of a lane. Events may come as soon as it exists. */
export interface ThreadOrProcess {
  send(message: ToLane): void;
  onMessage(listener: (message: FromLane) => void): void;
  onError(listener: (error: unknown) => void): void;
  onExit(listener: () => void): void;
  /**
   * Returns what it has used of the CPU, in milliseconds; undefined if that cannot be measured. Works while it loops.
   */
  cpuMs(): Promise<number | undefined>;
  /** Ends it whatever it is doing. */
  terminate(): Promise<void>;
}

const program = new URL('../lane/worker.ts', import.meta.url);
/** Limits of the thread. A guest's memory is limited in its modules; this limits the objects that the glue creates. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** Starts a thread that loads the code of a lane, and then waits for its plugins. */
export const startThread = (): Worker =>
  new Worker(program, {
    name: 'lane',
    resourceLimits,
    env: codeCacheEnvironment(),
    stdin: false,
    stdout: true,
    stderr: true,
  });

/** Sends the plugins to a thread. @param thread one without plugins */
export function startLaneThread({ plugins, ...shared }: LaneData, thread: Worker = startThread()): ThreadOrProcess {
  const messages = new SharedArrayBuffer(MessageCount.bytes);
  const count = new MessageCount(messages);
  const data = { plugins: plugins.map(withoutBinaries), ...shared, messages } satisfies ThreadData;
  thread.postMessage(data, shared.answers === undefined ? [] : [shared.answers.port]);
  return {
    send(message) {
      thread.postMessage(message);
      count.add();
    },
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

/** Arguments of Node for the process of a lane. It may read the files of the gateway's own code, and no others. */
export const laneArguments: readonly string[] = [
  '--permission',
  `--allow-fs-read=${fileURLToPath(new URL('../../../..', import.meta.url))}`,
  '--max-old-space-size=256',
];

/**
 * Starts the same code in a child process under Node's permission model: it reads the gateway's code and no other file,
 * writes none, starts no processes, threads or addons, and has an empty environment.
 */
export function startLaneProcess(plugins: readonly LanePlugin[]): ThreadOrProcess {
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

/** Reads the ticks of a process on Linux: the 14th and 15th field, a hundred a second. (proc(5), /proc/pid/stat) */
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
