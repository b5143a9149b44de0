import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';

/** Opens without waiting, because opening a pipe would block until something writes to it. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** Matches file descriptors that are open already, such as the pipe of a shell's `<(…)`, and so do not block. */
const handedOver = /^\/dev\/(fd\/\d+|stdin)$/;

/** Thrown for a path that is not a regular file: reading a pipe or a device might never end. */
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

/** Reads a whole file at an untrusted path. @throws NotRegular; what the file system throws */
export async function readRegularFile(path: string): Promise<Buffer> {
  if (handedOver.test(path)) return readFile(path);
  await using handle = await openRegularFile(path);
  return await handle.readFile();
}

/** Reads a whole file synchronously. @throws NotRegular; what the file system throws */
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
