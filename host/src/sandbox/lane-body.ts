import { type ChildProcess, fork } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromLane, LaneData, LanePlugin, ToLane } from './lane/message.ts';
import type { BinaryPlugin } from './lane/seat.ts';

/** What carries a lane: a thread, or a process. Events may come as soon as it was made. */
export interface LaneBody {
  send(message: ToLane): void;
  onMessage(listener: (message: FromLane) => void): void;
  onError(listener: (error: unknown) => void): void;
  onExit(listener: () => void): void;
  /** Ends it wherever it is. */
  terminate(): Promise<void>;
}

const program = new URL('./lane/worker.ts', import.meta.url);
/** Bounds of the thread itself. A guest's memory is bounded by its modules; this bounds what glue makes of it. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

export function threadBody(data: LaneData): LaneBody {
  const thread = new Worker(program, {
    workerData: data,
    resourceLimits,
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
  });
  return {
    send: message => thread.postMessage(message),
    onMessage: listener => void thread.on('message', listener),
    onError: listener => void thread.on('error', listener),
    onExit: listener => void thread.on('exit', listener),
    terminate: async () => void (await thread.terminate()),
  };
}

/** Packages that the code of a lane loads. */
const packages = ['zod'];
/** The gateway's own code and those packages, where they really lie: all that the process may read. */
const readable = [
  fileURLToPath(new URL('../..', import.meta.url)),
  ...packages.map(name => realpathSync(dirname(findPackageJSON(name, import.meta.url) ?? ''))),
];

/** Arguments of Node for the process of a lane. */
export const laneArguments: readonly string[] = [
  '--permission',
  ...readable.map(folder => `--allow-fs-read=${folder}`),
  '--max-old-space-size=256',
];

/**
 * The same code in a child process under Node's permission model: it reads the gateway's code and no other file,
 * writes none, starts no processes, threads or addons, and has an empty environment.
 */
export function processBody(plugins: readonly LanePlugin[]): LaneBody {
  const child = fork(fileURLToPath(program), {
    serialization: 'advanced',
    env: {},
    execArgv: [...laneArguments],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.send(plugins.map(withBinaries), () => {});
  return {
    send: message => void (child.connected && child.send(message, () => {})),
    onMessage: listener => void child.on('message', listener),
    onError: listener => void child.on('error', listener),
    onExit: listener => void child.on('exit', listener),
    terminate: () => killed(child),
  };
}

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
