/**
 * The one table of error codes. docs/errors.md is made from it.
 * `exit` is the process's exit code when start fails on it, `http` the status and `rpc` the JSON-RPC error code
 * when a client sees it. `says` is one sentence; `todo` tells the reader what to do.
 */
interface Code {
  readonly exit?: 1 | 2 | 3 | 4 | 5;
  readonly http?: number;
  readonly rpc?: number;
  readonly says: string;
  readonly todo: string;
}

const table = {
  // command line
  usage: { exit: 2, says: 'The command was called in a way that it does not know.', todo: 'See `sallyport --help`.' },
  internal: {
    exit: 1,
    http: 500,
    rpc: -32603,
    says: 'The gateway failed in a way that it should not.',
    todo: 'Report it, with the log lines of the request id.',
  },

  // config

  // source

  // verify
  component_core_module: {
    exit: 4,
    says: 'The file is a core WebAssembly module, and a plugin is a component.',
    todo: 'Make a component of it: `sallyport plugin build`, or `wasm-tools component new`.',
  },
  descriptor_invalid: {
    exit: 4,
    says: 'The descriptor (plugin.json) of the plugin is not as it must be.',
    todo: 'Mend the field that is named, and build and sign the plugin again.',
  },
  component_malformed: {
    exit: 4,
    says: 'The file is not a well-formed WebAssembly component.',
    todo: 'Build the component again, and push it with a tool that does not change its bytes.',
  },

  // capability
  import_unknown: {
    exit: 4,
    says: 'The component imports an interface that no capability provides.',
    todo: 'Ask the author for a build without this import; WASI beyond the inert set is not offered to plugins.',
  },
  import_version: {
    exit: 4,
    says: 'The component imports an interface in a version that this gateway does not provide.',
    todo: 'Use a build of the plugin for the offered version, or another version of the gateway.',
  },
  capability_unknown: {
    exit: 4,
    says: 'The descriptor asks for a capability that this gateway does not have.',
    todo: 'Check the spelling in plugin.json, or use a gateway that has it.',
  },
  capability_undeclared: {
    exit: 4,
    says: 'The component imports a capability that its descriptor does not declare.',
    todo: 'The author must declare it in plugin.json, and sign again.',
  },
  capability_ungranted: {
    exit: 4,
    says: 'The plugin needs a capability that the operator did not grant.',
    todo: "Grant it in the gateway's file, or leave the plugin out.",
  },
  capability_unused: {
    exit: 4,
    says: 'The descriptor requires a capability that the component never imports.',
    todo: 'The author must remove it from required_capabilities in plugin.json: nobody should grant what is not used.',
  },
  grant_unasked: {
    exit: 4,
    says: 'The operator grants a capability that the plugin does not ask for.',
    todo: "Remove the grant from the gateway's file.",
  },

  // sandbox
  component_not_a_component: {
    exit: 4,
    says: 'The artifact is a core WebAssembly module or something else, not a component.',
    todo: 'Build it as a WebAssembly Component (for example with the wasm32-wasip2 target, or wasm-tools component new).',
  },
  name_forbidden: {
    exit: 4,
    says: 'A core module of the component has an import or export name that could break out of generated code.',
    todo: 'Do not use this plugin: no common toolchain makes such names.',
  },
  memory_over_limit: {
    exit: 4,
    says: 'The component starts with more memory than its limit.',
    todo: 'Raise limits.memory_mib of the plugin, or use a smaller build.',
  },

  // plugin

  // hook

  // upstream

  // gateway

  // author's tools
  plugin_build_failed: {
    exit: 1,
    says: 'The plugin could not be built.',
    todo: 'Mend what the message names in the source or in plugin.json.',
  },
} as const satisfies Record<string, Code>;

export type FaultCode = keyof typeof table;
export const codes: Readonly<Record<FaultCode, Code>> = table;
