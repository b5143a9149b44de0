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
  overlay_not_restored: {
    http: 503,
    says: 'The change was not made, but its file still has it, so that the next change, reload or start makes it.',
    todo: 'See `reason`. Let the gateway write the file, and undo the change over the management API, or restore the file from a backup.',
  },
  mode_weaker: {
    http: 403,
    says: 'The mode is weaker than that of the configuration file, which does not allow that at run time.',
    todo: 'Change the mode in the file, or set `admin.allow_weaker_modes: true` there.',
  },
  registration_unknown: {
    http: 404,
    says: 'Nothing with this id is registered.',
    todo: 'Use an id of the list, or register it with POST.',
  },
  registration_exists: {
    http: 409,
    says: 'An entry with this id is registered already.',
    todo: 'Update it, or use another id.',
  },
  registration_fixed: {
    http: 409,
    says: 'The entry is defined in the configuration file, which the management API does not change.',
    todo: 'Change the file, or use another id.',
  },
  registration_in_use: {
    http: 409,
    says: 'Bindings use the upstream.',
    todo: 'Remove it from the bindings that `bindings` names, or unregister them.',
  },
  registration_outdated: {
    http: 412,
    says: 'The entry has changed since it was read, so this change was not made.',
    todo: 'Read it again, and repeat the change with its new ETag.',
  },
  registration_full: {
    http: 422,
    says: 'No more can be registered.',
    todo: 'Unregister what is not used, or write it into the configuration file.',
  },
} as const satisfies CodeFamily;
