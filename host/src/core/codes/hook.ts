import type { CodeFamily } from './code.ts';

/** Reasons why a request was blocked by plugins, and why their hook calls cannot be recorded. */
export const hookCodes = {
  plugin_failed: {
    says: 'A required plugin failed, so the request was blocked.',
    todo: 'See the log line `a plugin failed` with the same request id for the cause and the message of the plugin.',
  },
  not_showable: {
    says: 'A value that a required plugin must inspect cannot be shown to it, so the request was blocked.',
    todo: "See `description` for the value. Change the request, or the upstream's answer.",
  },
  plugin_blocked: {
    says: 'A plugin blocked the request. Clients get its own `code`, `reason` and `description`; this code is used in the log.',
    todo: 'Read the reason: the plugin works as intended.',
  },
  receipts_unusable: {
    exit: 4,
    says: 'The file of receipts, or the key of their hashes, cannot be used.',
    todo: 'Set `receipts.file` to a file that the gateway may append to, and `receipts.key_file` to one that only it can read; or remove `receipts`.',
  },
} as const satisfies CodeFamily;
