import type { CodeFamily } from './code.ts';

/** The process itself: its command line, the operating system, and its own bugs. */
export const processCodes = {
  usage: { exit: 2, says: 'The command line is invalid.', todo: 'See `sallyport --help`.' },
  internal: {
    exit: 1,
    http: 500,
    says: 'Internal error: this is a bug in the gateway.',
    todo: 'Report it, and include the log lines with the same request id.',
  },
  system_refused: {
    exit: 1,
    http: 500,
    says: 'The operating system refused an operation that the gateway needs.',
    todo: 'Check the file and its permissions, the free disk space, and the limit of open files.',
  },
  listen_failed: {
    exit: 1,
    says: 'The gateway cannot listen on this address.',
    todo: 'Change `listen`, or stop the process that uses the address.',
  },
} as const satisfies CodeFamily;
