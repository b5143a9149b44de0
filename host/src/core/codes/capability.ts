import type { CodeFamily } from './code.ts';

/** Errors in what a plugin imports, declares and is granted, and in the resources behind capabilities. */
export const capabilityCodes = {
  import_unknown: {
    exit: 4,
    says: 'The component imports an interface that no capability provides.',
    todo: 'Ask the author for a build without this import. Plugins get no WASI interfaces beyond the inert set.',
  },
  import_version: {
    exit: 4,
    says: 'The component imports an interface in a version that this gateway does not provide.',
    todo: 'Use a build of the plugin for the provided version, or another version of the gateway.',
  },
  capability_unknown: {
    exit: 4,
    says: 'The descriptor asks for a capability that this gateway does not have.',
    todo: 'Check the spelling in plugin.json, or use a version of the gateway that has the capability.',
  },
  capability_undeclared: {
    exit: 4,
    says: 'The component imports a capability that its descriptor does not declare.',
    todo: 'The author must declare it in plugin.json and sign the plugin again.',
  },
  capability_ungranted: {
    exit: 4,
    says: 'The plugin requires a capability that is not granted to it.',
    todo: 'Grant it in the configuration, or remove the plugin.',
  },
  capability_unused: {
    exit: 4,
    says: 'The descriptor requires a capability that the component does not import.',
    todo: 'The author must remove it from required_capabilities in plugin.json, so that operators grant only what is used.',
  },
  grant_unasked: {
    exit: 4,
    says: 'The configuration grants a capability that the plugin does not ask for.',
    todo: 'Remove the grant from the configuration.',
  },
  egress_file_unreadable: {
    exit: 4,
    says: 'A certificate or key file named in an outbound_http grant cannot be used.',
    todo: 'Check that the file exists, that the gateway may read it, and that it contains PEM.',
  },
  secret_unavailable: {
    exit: 4,
    says: 'A configured secret cannot be read, or is empty.',
    todo: 'Set the environment variable or mount the file that `secrets` names. A secret may have up to 64 KiB.',
  },
  audit_unusable: {
    exit: 4,
    says: 'The audit file, or the key that signs it, cannot be used.',
    todo: 'Set `audit.file` to a file that only this gateway appends to, and `audit.key_file` to one that only it can read; or remove `audit.file`: audit events then go to the log.',
  },
  kv_unusable: {
    exit: 4,
    says: 'The kv_store database cannot be used.',
    todo: 'Set `kv.path` to a file that only the gateway uses, on a local disk with free space; or set `kv: { store: memory }`.',
  },
} as const satisfies CodeFamily;
