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

  // sandbox

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
