/** Advice for error codes of the operating system. */
const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  EACCES: 'give the user that runs the gateway permission',
  EPERM: 'give the user that runs the gateway permission',
  EROFS: 'choose a location on a writable file system',
  ENOSPC: 'free disk space, or choose a location on another disk',
  EDQUOT: 'free disk space, or raise the disk quota',
  EMFILE: 'raise the limit of open files of the process (`ulimit -n`, `LimitNOFILE`)',
  ENFILE: "raise the machine's limit of open files",
  ENOTDIR: 'check the path',
  EISDIR: 'name a file, not a folder',
  ELOOP: 'check the path',
  ENAMETOOLONG: 'use a shorter path',
  EIO: 'check the disk',
  ENOMEM: 'free memory, or add more to the machine',
  EAGAIN: 'raise the limit of processes (`ulimit -u`, `pids_limit`)',
};

/** An error of a system call, as Node throws it. */
export type SystemError = Error & { readonly code: string; readonly syscall: string; readonly path?: string };

export const isSystemError = (thrown: unknown): thrown is SystemError =>
  thrown instanceof Error && 'syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string';

/** Returns advice for an error of the operating system; undefined for any other error. */
export const remedyFor = (thrown: unknown): string | undefined =>
  isSystemError(thrown) ? remedies[thrown.code] : undefined;

/** Whether an error says that there is no such file or folder. */
export const isNotFound = (thrown: unknown): boolean => isSystemError(thrown) && thrown.code === 'ENOENT';

/** Returns undefined for a file or folder that does not exist, as the handler of a `catch`. @throws every other error */
export function undefinedIfNotFound(thrown: unknown): undefined {
  if (!isNotFound(thrown)) throw thrown;
}
