import type { CodeFamily } from './code.ts';

/** Reasons why a plugin does not work with this gateway: its kind, hooks, contract, configuration and limits. */
export const pluginCodes = {
  plugin_kind_unsupported: {
    exit: 4,
    says: 'This gateway does not support plugins of this kind yet.',
    todo: 'Use a plugin of kind transform, policy, identity or federation, or a later version of the gateway.',
  },
  plugin_misplaced: {
    exit: 4,
    says: 'The configuration names the plugin where it expects plugins of another kind.',
    todo: 'Move a transform to `transforms` of the binding, a policy to `policies`, and others to `identity` and `federation`.',
  },
  hook_unsupported: {
    exit: 4,
    says: 'The descriptor names a hook that this gateway does not call yet.',
    todo: 'Remove it from `hooks` in plugin.json: the plugin would never be called for it.',
  },
  hook_undeclared: {
    exit: 4,
    says: "The configuration names a hook that is not in the plugin's descriptor.",
    todo: 'Remove it from `hooks` of the plugin in the configuration, or use a version of the plugin that has it.',
  },
  band_conflict: {
    exit: 3,
    says: 'Two plugins that would run at the same time declare that they change the same part of a value.',
    todo: 'Give them different priorities, so that they run one after the other.',
  },
  export_missing: {
    exit: 4,
    says: 'The component does not export an interface that its kind requires.',
    todo: 'Build it for the world of its kind, in the version that this gateway provides.',
  },
  contract_mismatch: {
    exit: 4,
    says: 'The component imports or exports something that differs from the contract.',
    todo: 'Ask the author to build the plugin with the unchanged WIT of the contract, for example with `sallyport plugin build`.',
  },
  plugin_config_invalid: {
    exit: 4,
    says: "The plugin's `config` does not match the schema in its descriptor.",
    todo: "Change it in the configuration. The plugin's README describes what it accepts.",
  },
  limit_ungranted: {
    exit: 4,
    says: 'The plugin asks for more than its limit allows.',
    todo: 'Raise the limit of this plugin in the configuration, or remove the plugin.',
  },
  inline_untrusted: {
    exit: 4,
    says: 'The plugin is configured to run on the thread of the gateway, and its signer is not trusted with that.',
    todo: 'Add the line that the hint contains, or choose another isolation.',
  },
  inline_waits: {
    exit: 4,
    says: 'The plugin is configured to run on the thread of the gateway, and has a capability whose calls wait.',
    todo: 'Choose another isolation: everything else would wait with it.',
  },
} as const satisfies CodeFamily;
