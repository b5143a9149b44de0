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
  key_invalid: {
    exit: 4,
    says: 'This is not an Ed25519 public key that can be trusted.',
    todo: 'Give the public key as PEM, as `sallyport plugin keygen` or `openssl pkey -pubout` writes it.',
  },
  key_unknown: {
    exit: 4,
    says: 'The plugin is signed by a key that is not trusted for it.',
    todo: 'If you trust the signer, add the public key to `trust.keys`, or to the source as `public_key`.',
  },
  key_out_of_scope: {
    exit: 4,
    says: 'The signer is trusted, but not for the place that the plugin came from.',
    todo: 'Add the repository to the `scopes` of the key, if it may sign for it.',
  },
  key_not_yet_valid: {
    exit: 4,
    says: 'The signer is trusted only from a later date on.',
    todo: 'Check the clock of this machine and `not_before` of the key.',
  },
  key_expired: {
    exit: 4,
    says: 'The signer was trusted only until an earlier date.',
    todo: 'Have the plugin signed with a current key, or move `not_after` of this one.',
  },
  key_revoked: {
    exit: 4,
    says: 'The key that signed the plugin is revoked.',
    todo: 'Do not use this plugin. Have it looked at and signed with another key.',
  },
  digest_revoked: {
    exit: 4,
    says: 'Exactly this component is revoked.',
    todo: 'Use another version of the plugin.',
  },
  signature_missing: {
    exit: 4,
    says: 'The plugin is not signed.',
    todo: 'Sign it with `sallyport plugin sign`; for tests alone there is `require_signed_plugins: false`.',
  },
  signature_invalid: {
    exit: 4,
    says: 'The signature is not one over this component: one of the two was changed, or another key made it.',
    todo: 'Do not use these bytes. Fetch the plugin again; when it stays so, ask who published it.',
  },
  descriptor_missing: {
    exit: 4,
    says: 'The component carries no descriptor.',
    todo: 'Sign it with `sallyport plugin sign`, which embeds plugin.json, or state `descriptor` in your own file.',
  },
  descriptor_mismatch: {
    exit: 4,
    says: 'Two descriptors of the plugin contradict each other.',
    todo: 'Publish the plugin again, so that the component, its manifest and your file say the same.',
  },
  plugin_id_mismatch: {
    exit: 4,
    says: 'The plugin is another than the one that was configured.',
    todo: 'Set `id` to the id that the plugin states, or mend the source.',
  },
  plugin_expired: {
    exit: 4,
    says: 'The plugin says of itself that it is no longer to be used.',
    todo: 'Use a newer version.',
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
  compile_failed: {
    exit: 4,
    says: 'The component could not be translated for the sandbox.',
    todo: 'Build it again with a current toolchain; `wasm-tools validate` tells more.',
  },
  compile_timeout: {
    exit: 4,
    says: 'Translating the component for the sandbox took too long.',
    todo: 'Do not use this plugin, or use a smaller build: common components take about a second.',
  },
  glue_unknown: {
    exit: 4,
    says: 'The translator wrote code that this gateway does not know how to restrain.',
    todo: 'Use the pinned version of jco-transpile.',
  },
  plugin_refused_config: {
    exit: 4,
    says: 'The plugin refused its configuration.',
    todo: "Change the `config` of the plugin in the gateway's file.",
  },
  plugin_start_failed: {
    exit: 4,
    says: 'An instance of the plugin did not start.',
    todo: 'See the reason; the plugin fails before its first call, so its author must mend it.',
  },
  plugin_start_timeout: {
    exit: 4,
    says: 'The plugin did not finish `configure` in time.',
    todo: 'Its author must mend it: it loops, or does too much before its first call.',
  },
  lanes_closed: {
    http: 503,
    rpc: -32603,
    says: 'The gateway is closing, and this call was not finished.',
    todo: 'Send the request again.',
  },
  memory_over_limit: {
    exit: 4,
    says: 'The component starts with more memory than its limit.',
    todo: 'Raise limits.memory_mib of the plugin, or use a smaller build.',
  },

  // plugin

  // hook

  // upstream
  upstream_unavailable: {
    exit: 5,
    rpc: -32010,
    says: 'The upstream could not be started or reached.',
    todo: 'Start it, or correct its `stdio.command` or `http.url`; its own log lines carry its id.',
  },
  upstream_timeout: {
    exit: 5,
    rpc: -32011,
    says: 'The upstream did not answer in time.',
    todo: 'Look into the upstream, or give it more time with `timeout_ms`.',
  },
  upstream_closed: {
    exit: 5,
    rpc: -32012,
    says: 'The upstream closed the connection, or its process ended, before it answered.',
    todo: 'Look into the upstream; it is connected again with the next request.',
  },
  upstream_garbage: {
    exit: 5,
    rpc: -32013,
    says: 'The upstream answered with something that is not MCP.',
    todo: 'Check that the command or url is an MCP server, and that it writes nothing but messages.',
  },
  upstream_too_large: {
    exit: 5,
    rpc: -32014,
    says: 'The answer of the upstream is larger than allowed.',
    todo: 'Ask for less, or have the upstream send a resource link instead of the content.',
  },
  upstream_refused: {
    exit: 5,
    rpc: -32015,
    says: 'The upstream refused the credentials of the gateway.',
    todo: 'Give the upstream the right `http.headers`. What a client sends to the gateway is never passed on.',
  },
  upstream_redirected: {
    exit: 5,
    rpc: -32016,
    says: 'The upstream redirects elsewhere, and redirects are not followed.',
    todo: 'Write the final address into `http.url`.',
  },

  // gateway

  // author's tools
  file_exists: {
    exit: 2,
    says: 'The file is there already, and it is not overwritten.',
    todo: 'Name another file, or move this one away.',
  },
  private_key_invalid: {
    exit: 2,
    says: 'This is not an Ed25519 private key.',
    todo: 'Give a PKCS#8 PEM, as `sallyport plugin keygen` or `openssl genpkey -algorithm ed25519` writes it.',
  },
  plugin_build_failed: {
    exit: 1,
    says: 'The plugin could not be built.',
    todo: 'Mend what the message names in the source or in plugin.json.',
  },
} as const satisfies Record<string, Code>;

export type FaultCode = keyof typeof table;
export const codes: Readonly<Record<FaultCode, Code>> = table;
