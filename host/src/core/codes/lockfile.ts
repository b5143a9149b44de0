import type { CodeFamily } from './code.ts';

/** The lockfile, which pins plugins and what they are granted. */
export const lockfileCodes = {
  lockfile_unusable: {
    exit: 3,
    says: 'The lockfile cannot be read or written, or its content is invalid.',
    todo: 'Restore it from version control. To approve every plugin again, delete it and run `sallyport lock`.',
  },
  lock_mismatch: {
    exit: 4,
    says: 'The plugin or its grants differ from what the lockfile pins.',
    todo: 'If the change is intended, run `sallyport lock --approve <plugin>`; otherwise undo it.',
  },
  lock_unapproved: {
    exit: 4,
    says: 'The plugin asks for more than was approved, or is signed by a different key.',
    todo: 'Review the difference. If you agree, run `sallyport lock --approve <plugin>`.',
  },
  lock_frozen: {
    exit: 4,
    says: 'With --frozen, the lockfile must list exactly the configured plugins.',
    todo: 'Run `sallyport lock`, and keep the lockfile next to the configuration.',
  },
  version_rollback: {
    exit: 4,
    says: 'The plugin is older than the version accepted before.',
    todo: 'Use a version that is not older, or pass `--allow-downgrade` if the downgrade is intended.',
  },
} as const satisfies CodeFamily;
