import type { CodeFamily } from './code.ts';

/** What was changed at run time, in its file. */
export const overlayCodes = {
  overlay_unusable: {
    exit: 3,
    says: 'The file with what was registered at run time cannot be used.',
    todo: 'Restore the file from a backup, or move it away to start without what was registered. The gateway does not change it until then.',
  },
  overlay_not_saved: {
    http: 503,
    says: 'The change could not be saved, so it was not made.',
    todo: 'See `reason`: free disk space, or let the user of the gateway write to the folder of `admin.registration.path`.',
  },
  overlay_conflict: {
    http: 409,
    says: 'Another process has changed what is registered, so this change was not made.',
    todo: 'Reload the gateway, which reads the change of the other process, and try again.',
  },
} as const satisfies CodeFamily;
