import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** A server that is measured. */
export interface Running {
  readonly url: string;
  readonly pid: number;
}

/** Starts one of the programs beside this file and waits until it says where it listens. */
export async function startProgram(
  name: string,
  args: readonly string[],
  stop: AsyncDisposableStack,
): Promise<Running> {
  const child = forkProgram(name, args, stop);
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`))),
  ]);
  return { url: `http://127.0.0.1:${message}/mcp`, pid: pidOf(child) };
}

/**
 * Starts one of the programs beside this file, with a channel for messages. It ends with its parent. `flags` are those of
 * Node; `env` adds to the environment; its stderr is that of this process, or a pipe.
 */
export function forkProgram(
  name: string,
  args: readonly string[],
  stop: AsyncDisposableStack,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  stderr: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  const stdio: StdioOptions = ['inherit', 'inherit', stderr, 'ipc'];
  const options = { execArgv: [...flags], env: { ...process.env, ...env }, stdio };
  const child = fork(join(import.meta.dirname, `${name}.ts`), args, options);
  stop.defer(() => end(child));
  return child;
}

/** Tells the parent, in such a program, at which port it listens. */
export function announce(address: { readonly port: number } | string | null): void {
  process.on('disconnect', () => process.exit());
  if (typeof address === 'object') process.send?.(address?.port);
}

export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process could not be started');
  return pid;
}

/** Ends a process, politely first. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  const impatience = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exit;
  clearTimeout(impatience);
}

/** A first start compiles its plugins, of which there may be many. */
const patienceMs = 300_000;

/** Waits until `url` answers with success. Fails when the process ends before, or after five minutes. */
export async function untilReady(url: string, child: ChildProcess, what: string): Promise<void> {
  let failure = `it did not answer within ${patienceMs / 60_000} minutes`;
  child.once('error', error => {
    failure = error.message;
  });
  child.once('exit', code => {
    failure = `it ended with ${code}`;
  });
  const end = Date.now() + patienceMs;
  while (Date.now() < end && child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not get ready: ${failure}`);
}

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
