import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isNotFound, isSystemError } from './system-error.ts';

/** Milliseconds after which a lock counts as left behind; work under a lock takes far less. */
const longest = 30_000;
/** The same for one whose owner has not written its name, which comes right after. */
const longestUnnamed = 1_000;
const betweenMs = 20;

/** Files that this process has locked, or is about to lock. */
const held = new Set<string>();

/**
 * Runs `work` while no other process that locks the same file does. The lock is a file, which a process that was killed
 * leaves behind: it no longer counts when that process is gone, or after 30 seconds.
 * @param waitMs how long to wait for others
 * @returns undefined if others still have the lock after that time
 * @throws what `work` and the file system throw
 */
export async function withFileLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T | undefined> {
  const until = performance.now() + waitMs;
  while (!(await take(file))) {
    if (performance.now() > until) return undefined;
    await delay(betweenMs);
  }
  try {
    return await work();
  } finally {
    held.delete(file);
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  if (held.has(file)) return false;
  held.add(file);
  try {
    if (await create(file)) return true;
    if (await isLeft(file)) await discard(file);
  } catch (error) {
    held.delete(file);
    throw error;
  }
  held.delete(file);
  return false;
}

async function create(file: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(JSON.stringify(ownName()));
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

const ownName = () => ({ pid: process.pid, host: hostname() });

/** Whether the process that made a lock is gone. This one has none on the file. */
async function isLeft(file: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, text] = await Promise.all([stat(file), readFile(file, 'utf8')]);
    if (Date.now() - mtimeMs > (text === '' ? longestUnnamed : longest)) return true;
    const { pid, host }: Partial<ReturnType<typeof ownName>> = text === '' ? {} : JSON.parse(text);
    // A process of this host with the same number was there before: after a restart of a container, for instance.
    return host === hostname() && typeof pid === 'number' && (pid === process.pid || !isRunning(pid));
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes a lock that was left behind. Of several processes that do, one succeeds in moving it away. */
async function discard(file: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
