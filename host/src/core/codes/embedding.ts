import type { CodeFamily } from './code.ts';

/** Refusals by the program that embeds the gateway. */
export const embeddingCodes = {
  handler_refused: {
    says: 'The program that runs this gateway refused the request.',
    todo: "The hint is the program's own reason.",
  },
  handler_failed: {
    says: 'A handler of the program that runs this gateway failed, so the request was refused.',
    todo: "Look up the request's id in the log: the line has the error that the handler threw, or says that it took too long.",
  },
} as const satisfies CodeFamily;
