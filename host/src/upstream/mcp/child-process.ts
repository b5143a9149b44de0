import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
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
  /** Bytes that the process has not read yet. */
  readonly unsent: number;
  /** Ends the process and all processes that it started: by closing stdin, then SIGTERM, then SIGKILL. */
  close(): Promise<void>;
}

export interface ChildEvents {
  onLine(line: string): void;
  onStderr(line: string): void;
  /**
   * A line is longer than allowed, and is dropped. Called with the beginning of the line as soon as that shows, and with
   * its end when the line is over.
   */
  onLongLine(head: string, tail: string): void;
  /** Once, however it ended. `reason` is for people. */
  onExit(reason: string): void;
}

/** Milliseconds between one way of ending a child and the next, harder one. */
const grace = 1_000;
/** Milliseconds to wait for the last output of a child that has exited. */
const outputGrace = 200;

/**
 * Starts a child in its own process group, so that the processes that it starts (npx starts node) end with it. It
 * inherits only PATH and HOME from the gateway's environment.
 * @param maxLineBytes a longer line is skipped
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
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
  if (groups.size === 0) process.on('exit', killAll);
  groups.add(pid);
  const exited = new Promise<void>(resolve => {
    child.once('exit', async (code, signal) => {
      ended = true;
      groups.delete(pid);
      if (groups.size === 0) process.off('exit', killAll);
      killGroup(pid, 'SIGKILL');
      // Its last output may still be in the pipes.
      await Promise.race([closed, delay(outputGrace, undefined, { ref: false })]);
      on.onExit(signal === null ? `it exited with code ${code}` : `it was terminated by ${signal}`);
      resolve();
    });
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  readLines(child.stdout, maxLineBytes, on);
  readLines(child.stderr, 64 * 1024, { onLine: line => on.onStderr(line), onLongLine() {} });

  return {
    pid,
    send: line => void child.stdin.write(`${line}\n`),
    get unsent() {
      return child.stdin.writableLength;
    },
    async close() {
      const exitedInTime = () => Promise.race([exited, delay(grace, undefined, { ref: false })]);
      if (!ended) child.stdin.end();
      if (!ended) await exitedInTime();
      if (!ended) killGroup(pid, 'SIGTERM');
      if (!ended) await exitedInTime();
      if (!ended) killGroup(pid, 'SIGKILL');
      await exited;
    },
  };
}

/** The process groups of running children. They do not end with the gateway's group, so its exit kills them. */
const groups = new Set<number>();
function killAll(): void {
  for (const pid of groups) killGroup(pid, 'SIGKILL');
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
    // The group has ended already.
  }
}

/** Characters that are kept of each end of a long line. */
const edge = 200;

/** Calls `onLine` for each line, and `onLongLine` for one above `max` bytes, of which only the two ends are kept. */
function readLines(stream: Readable, max: number, on: Pick<ChildEvents, 'onLine' | 'onLongLine'>) {
  let pieces: Buffer[] = [];
  let size = 0;
  /** Both ends of a line that is too long. */
  let long: { readonly head: string; tail: Buffer } | undefined;
  const keep = (piece: Buffer) => {
    size += piece.length;
    if (long !== undefined) long.tail = Buffer.concat([long.tail, piece.subarray(-edge)]).subarray(-edge);
    else if (size <= max) pieces.push(piece);
    else {
      const whole = Buffer.concat([...pieces, piece]);
      long = { head: whole.toString('utf8', 0, edge), tail: Buffer.from(whole.subarray(-edge)) };
      pieces = [];
      on.onLongLine(long.head, '');
    }
  };
  const finish = () => {
    const line = long === undefined ? Buffer.concat(pieces).toString('utf8').trim() : '';
    if (long !== undefined) on.onLongLine(long.head, long.tail.toString('utf8'));
    pieces = [];
    size = 0;
    long = undefined;
    if (line !== '') on.onLine(line);
  };
  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end));
      finish();
      from = end + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
  stream.on('error', () => {});
}
