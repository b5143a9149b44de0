/** What helps when the operating system refuses with one of these codes. */
const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  EACCES: 'give the user that the gateway runs as the right to it',
  EPERM: 'give the user that the gateway runs as the right to it',
  EROFS: 'name a place on a file system that can be written to',
  ENOSPC: 'make room on the disk, or name a place on another one',
  EDQUOT: 'make room, or raise the disk quota',
  EMFILE: 'raise the limit of open files of the process (`ulimit -n`, `LimitNOFILE`)',
  ENFILE: "raise the machine's limit of open files",
  ENOTDIR: 'check the path',
  EISDIR: 'name a file',
  ELOOP: 'check the path',
  ENAMETOOLONG: 'name a shorter path',
  EIO: 'look into the disk',
  ENOMEM: 'give the machine more memory, or run less on it',
  EAGAIN: 'raise the limit of processes (`ulimit -u`, `pids_limit`)',
};

/** An error of a system call, as Node throws it. */
export type SystemError = Error & { readonly code: string; readonly syscall: string; readonly path?: string };

export const isSystemError = (thrown: unknown): thrown is SystemError =>
  thrown instanceof Error && 'syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string';

/** What helps against a refusal of the operating system; undefined for any other error. */
export const remedyFor = (thrown: unknown): string | undefined =>
  isSystemError(thrown) ? remedies[thrown.code] : undefined;
