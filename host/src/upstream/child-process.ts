import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { commandProblem } from './command-problem.ts';

/** How to start a stdio server. */
export interface Command {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Added to the minimal environment; wins over it. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

export interface Child {
  readonly pid: number;
  /** Writes one line. */
  send(line: string): void;
  /** Ends the process and all it started: closed stdin first, then SIGTERM, then SIGKILL. */
  close(): Promise<void>;
}

export interface ChildEvents {
  onLine(line: string): void;
  onStderr(line: string): void;
  /** A line is longer than allowed; the child is ended. */
  onTooLong(): void;
  /** Once, however it ended. `reason` is for people. */
  onExit(reason: string): void;
}

/** Milliseconds that a child has between one way of being told to end and the next, harder one. */
const grace = 1_000;

/**
 * Starts a child in a process group of its own, so that what it starts (npx starts node) ends with it. Of our
 * environment it gets PATH and HOME only.
 * @param maxLineBytes a longer line ends the child
 * @throws Fault `upstream_unavailable` when the command cannot be started
 */
export async function startChild(command: Command, maxLineBytes: number, on: ChildEvents): Promise<Child> {
  const { PATH, HOME } = process.env;
  const child = spawn(command.command, command.args ?? [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: command.cwd,
    env: { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }), ...command.env },
  });
  await spawned(child).catch(async (error: Error) => {
    const problem = (await commandProblem(command)) ?? `cannot start ${command.command}: ${fileProblem(error)}`;
    fail('upstream_unavailable', { command: command.command, hint: problem }, error);
  });
  const { pid } = child;
  if (pid === undefined) return fail('upstream_unavailable', { command: command.command });

  let ended = false;
  const exited = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      ended = true;
      killGroup(pid, 'SIGKILL');
      on.onExit(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`);
      resolve();
    });
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  readLines(child.stdout, maxLineBytes, on.onLine, () => {
    on.onTooLong();
    killGroup(pid, 'SIGKILL');
  });
  readLines(child.stderr, 64 * 1024, on.onStderr, () => {});

  return {
    pid,
    send: line => void child.stdin.write(`${line}\n`),
    async close() {
      const gone = () => Promise.race([exited, delay(grace, undefined, { ref: false })]);
      if (!ended) child.stdin.end();
      if (!ended) await gone();
      if (!ended) killGroup(pid, 'SIGTERM');
      if (!ended) await gone();
      if (!ended) killGroup(pid, 'SIGKILL');
      await exited;
    },
  };
}

type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>;

function spawned(child: PipedChild): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function killGroup(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what we want.
  }
}

/** Calls `onLine` for each line. A line above `max` bytes is dropped and `onTooLong` called. */
function readLines(stream: Readable, max: number, onLine: (line: string) => void, onTooLong: () => void) {
  let pieces: Buffer[] = [];
  let size = 0;
  const keep = (piece: Buffer) => {
    size += piece.length;
    if (size <= max) pieces.push(piece);
    else {
      pieces = [];
      onTooLong();
    }
  };
  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end));
      const line = size <= max ? Buffer.concat(pieces).toString('utf8').trim() : '';
      pieces = [];
      size = 0;
      from = end + 1;
      if (line !== '') onLine(line);
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
  stream.on('error', () => {});
}
