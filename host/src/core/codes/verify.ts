import type { CodeFamily } from './code.ts';

/** Errors in a plugin's bytes, its signatures and its descriptor. */
export const verifyCodes = {
  component_core_module: {
    exit: 4,
    says: 'The file is a core WebAssembly module; a plugin must be a component.',
    todo: 'Turn it into a component with `sallyport plugin build` or `wasm-tools component new`.',
  },
  component_malformed: {
    exit: 4,
    says: 'The file is not a well-formed WebAssembly component.',
    todo: 'Build the component again, and push it with a tool that does not change its bytes.',
  },
  component_excessive: {
    exit: 4,
    says: 'The component exceeds a structural limit, such as the number of types or functions.',
    todo: 'Do not use this plugin: common toolchains stay far below the limits, which docs/operator-guide.md lists.',
  },
  key_invalid: {
    exit: 4,
    says: 'The key is not a usable Ed25519 public key.',
    todo: 'Provide the public key as PEM, as written by `sallyport keygen` or `openssl pkey -pubout`.',
  },
  key_unknown: {
    exit: 4,
    says: 'The plugin is signed with a key that is not trusted for it.',
    todo: 'If you trust the signer, add the public key to `trust.keys`, or set it as `public_key` of the source.',
  },
  key_out_of_scope: {
    exit: 4,
    says: 'The signer is trusted, but not for plugins from this location.',
    todo: 'If the key may sign for this repository, add the repository to the `scopes` of the key.',
  },
  key_not_yet_valid: {
    exit: 4,
    says: 'The key is not valid yet.',
    todo: "Check this machine's clock and `not_before` of the key.",
  },
  key_expired: {
    exit: 4,
    says: 'The key has expired.',
    todo: 'Have the plugin signed with a current key, or extend `not_after` of this key.',
  },
  key_revoked: {
    exit: 4,
    says: 'The key that signed the plugin is revoked.',
    todo: 'Do not use this plugin until it has been reviewed and signed with another key.',
  },
  digest_revoked: {
    exit: 4,
    says: 'This version of the component is revoked by its digest.',
    todo: 'Use another version of the plugin.',
  },
  signature_missing: {
    exit: 4,
    says: 'The plugin is not signed.',
    todo: 'Sign it with `sallyport plugin sign`. For tests only, set `require_signed_plugins: false`.',
  },
  signature_invalid: {
    exit: 4,
    says: 'The signature does not match this component: one of the two was changed, or another key made the signature.',
    todo: 'Do not use this file. Fetch the plugin again; if it happens again, ask its publisher.',
  },
  descriptor_missing: {
    exit: 4,
    says: 'The component has no descriptor.',
    todo: 'Sign it with `sallyport plugin sign`, which embeds plugin.json, or set `descriptor` in the configuration.',
  },
  descriptor_mismatch: {
    exit: 4,
    says: 'Two descriptors of the plugin contradict each other.',
    todo: 'Publish the plugin again so that the component, its manifest and the configuration agree.',
  },
  descriptor_invalid: {
    exit: 4,
    says: "The plugin's descriptor (plugin.json) is invalid.",
    todo: 'Fix the reported field, then build and sign the plugin again.',
  },
  component_stale: {
    exit: 4,
    says: "The plugin's sources have changed since the component was built.",
    todo: 'Run `sallyport plugin test`, which builds the component, and sign the result; or pass --force.',
  },
  version_mismatch: {
    exit: 4,
    says: "The tag does not match the version in the plugin's descriptor.",
    todo: 'Correct the tag, or correct the version in plugin.json and build again; or pass --force.',
  },
  plugin_id_mismatch: {
    exit: 4,
    says: "The plugin's id does not match the configured id.",
    todo: "Set `id` to the plugin's own id, or correct the source.",
  },
  plugin_expired: {
    exit: 4,
    says: 'The plugin has expired, according to the date in its descriptor.',
    todo: 'Use a newer version.',
  },
} as const satisfies CodeFamily;
