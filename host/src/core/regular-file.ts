import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';

/** Opening a pipe without this would wait until somebody writes to it. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** What is open already when we start, such as the pipe of a shell's `<(…)`. Nobody is waited for to open it. */
const handedOver = /^\/dev\/(fd\/\d+|stdin)$/;

/** A path that somebody named leads to something that is no file: a pipe or a device would be read for ever. */
export class NotRegular extends Error {
  override readonly name = 'NotRegular';
  readonly code = 'ENOTREG';
  readonly syscall = 'open';

  constructor(stats: Stats) {
    super(`it is ${kindOf(stats)}, not a regular file`);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** Opens a file for reading. @throws NotRegular; what the file system throws */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const handle = await open(path, flags);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new NotRegular(stats);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a file that somebody named, whole. @throws NotRegular; what the file system throws */
export async function readRegularFile(path: string): Promise<Buffer> {
  if (handedOver.test(path)) return readFile(path);
  await using handle = await openRegularFile(path);
  return await handle.readFile();
}

/** The same, at once. @throws NotRegular; what the file system throws */
export function readRegularFileSync(path: string): Buffer {
  const descriptor = openSync(path, flags);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new NotRegular(stats);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
