/**
 * The one table of error codes. docs/errors.md is made from it.
 * `exit` is the process's exit code when start fails on it, `http` the status when a client sees it; the number of the
 * JSON-RPC error depends on the revision of MCP (mcp/errors.ts). `says` is one sentence; `todo` tells the reader what to do.
 */
interface Code {
  readonly exit?: 1 | 2 | 3 | 4 | 5;
  readonly http?: number;
  readonly says: string;
  readonly todo: string;
}

const table = {
  // command line
  usage: { exit: 2, says: 'The command line is invalid.', todo: 'See `sallyport --help`.' },
  internal: {
    exit: 1,
    http: 500,
    says: 'The gateway failed because of a mistake of its own.',
    todo: 'Report it, with the log lines of the request id.',
  },
  system_refused: {
    exit: 1,
    http: 500,
    says: 'The operating system refused something that the gateway needs.',
    todo: 'See what it refused: a file, its permissions, room on the disk, or the number of open files.',
  },

  // config
  config_unreadable: {
    exit: 3,
    says: 'The configuration file cannot be read.',
    todo: 'Name it with `-c`, or write a sallyport.yaml; docs/operator-guide.md begins with a small one.',
  },
  config_invalid: {
    exit: 3,
    says: 'The configuration is invalid.',
    todo: 'Fix the reported line; docs/schema/sallyport.schema.json lets editors show what belongs there.',
  },

  // source
  reference_invalid: {
    exit: 3,
    says: 'This does not name an artifact in a registry.',
    todo: 'Write registry/repository:tag, for example ghcr.io/acme/redact-emails:0.1.0.',
  },
  artifact_not_found: {
    exit: 4,
    says: 'There is no such artifact.',
    todo: 'Check registry, repository, tag or path; a private repository looks absent without a login.',
  },
  artifact_too_large: {
    exit: 4,
    says: 'The artifact is larger than a plugin may be.',
    todo: 'Use a smaller build of the plugin.',
  },
  digest_mismatch: {
    exit: 4,
    says: 'The content is not what its digest says.',
    todo: 'Do not use it. Fetch it again; if it happens again, report it to the operator of the registry.',
  },
  size_mismatch: {
    exit: 4,
    says: 'The content is longer or shorter than it should be.',
    todo: 'Fetch it again; if it happens again, report it to the operator of the registry.',
  },
  manifest_too_large: {
    exit: 4,
    says: 'The manifest is larger than 4 MiB.',
    todo: 'Check the reference: no plugin has such a manifest.',
  },
  manifest_invalid: {
    exit: 4,
    says: 'The manifest is not that of a plugin.',
    todo: 'Check the reference; push the plugin with `sallyport plugin push` or `wkg oci push`.',
  },
  layer_count: {
    exit: 4,
    says: 'The manifest does not have exactly one layer, which would be the component.',
    todo: 'Push the plugin again, as an artifact of its own with one layer.',
  },
  platform_ambiguous: {
    exit: 4,
    says: 'The reference names an index of several manifests, and none of them is the only one for WebAssembly.',
    todo: 'Name the manifest that you mean by its digest: registry/repository@sha256:…',
  },
  layout_invalid: {
    exit: 4,
    says: 'The folder is not an OCI image layout that holds this plugin.',
    todo: 'Name a folder that has oci-layout, index.json and blobs; add `:tag` when it holds several artifacts.',
  },
  file_unreadable: {
    exit: 4,
    says: 'The file cannot be read.',
    todo: 'Check that it is a file, and that the gateway may read it.',
  },
  cache_unusable: {
    exit: 4,
    says: 'The cache of plugins cannot be written or read.',
    todo: 'Give the gateway a folder of its own for the cache, on a disk with room.',
  },
  registry_unreachable: {
    exit: 4,
    says: 'The registry does not answer.',
    todo: 'Check the network and the name of the registry; then start again.',
  },
  registry_tls: {
    exit: 4,
    says: 'No trusted connection to the registry could be made.',
    todo: 'Trust its authority with NODE_EXTRA_CA_CERTS; a registry without TLS needs `plain_http: true` under `registries`.',
  },
  registry_denied: {
    exit: 4,
    says: 'The registry denies access.',
    todo: 'Log in with `sallyport login` or `docker login`, as somebody who may read (or, to push, write) the repository.',
  },
  registry_answer: {
    exit: 4,
    says: 'The registry gave an unexpected answer.',
    todo: 'Check that the reference names a registry, and that it takes OCI artifacts.',
  },
  challenge_invalid: {
    exit: 4,
    says: 'The registry asks for a login without saying how.',
    todo: 'Check that the reference names a registry; a proxy before it may have answered in its place.',
  },
  token_realm_untrusted: {
    exit: 4,
    says: 'The registry wants our login to be sent to another place.',
    todo: 'If that host belongs to the registry, add it to `token_hosts` of the registry, under `registries`.',
  },
  token_refused: {
    exit: 4,
    says: 'The token service of the registry gave no token.',
    todo: 'Log in again with `sallyport login`, and check that the repository is right.',
  },
  redirect_refused: {
    exit: 4,
    says: 'The registry redirects to a place that is not safe to follow.',
    todo: 'Report it to the operator of the registry: content must come over https.',
  },
  referrer_lost: {
    exit: 4,
    says: 'Others kept rewriting the list of referrers, and ours is not in it.',
    todo: 'Attach it again when nobody else is attaching to the same artifact.',
  },
  docker_config_invalid: {
    exit: 4,
    says: "Docker's config.json is invalid.",
    todo: 'Fix the file, or log in again with `sallyport login`.',
  },
  docker_config_unwritable: {
    exit: 1,
    says: "Docker's config.json cannot be written, so the login is not kept.",
    todo: 'Check that you may write to the file and its folder; `DOCKER_CONFIG` names another folder.',
  },
  credential_helper_failed: {
    exit: 4,
    says: "The credential helper that docker's config.json names gave no login.",
    todo: 'Run the helper by hand, or log in again with `sallyport login`.',
  },

  // verify
  component_core_module: {
    exit: 4,
    says: 'The file is a core WebAssembly module, and a plugin is a component.',
    todo: 'Make a component of it: `sallyport plugin build`, or `wasm-tools component new`.',
  },
  component_excessive: {
    exit: 4,
    says: 'The component has more of something than any plugin may have.',
    todo: 'Do not use this plugin: the builds of common toolchains stay far below. docs/operator-guide.md has the limits.',
  },
  key_invalid: {
    exit: 4,
    says: 'This is not an Ed25519 public key that can be trusted.',
    todo: 'Give the public key as PEM, as `sallyport keygen` or `openssl pkey -pubout` writes it.',
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
    todo: 'Do not use these bytes. Fetch the plugin again; if it happens again, ask its publisher.',
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
  component_stale: {
    exit: 4,
    says: 'The sources of the plugin have changed since the component was built.',
    todo: 'Run sallyport plugin test, which builds the component, and sign that; or give --force.',
  },
  version_mismatch: {
    exit: 4,
    says: "The tag names another version than the plugin's descriptor.",
    todo: 'Correct the tag, or the version in plugin.json and build again; or give --force.',
  },
  plugin_id_mismatch: {
    exit: 4,
    says: 'The id of the plugin does not match the configured id.',
    todo: 'Set `id` to the id that the plugin states, or correct the source.',
  },
  plugin_expired: {
    exit: 4,
    says: 'The plugin has expired, by the date in its descriptor.',
    todo: 'Use a newer version.',
  },
  descriptor_invalid: {
    exit: 4,
    says: 'The descriptor (plugin.json) of the plugin is invalid.',
    todo: 'Fix the reported field, then build and sign the plugin again.',
  },
  component_malformed: {
    exit: 4,
    says: 'The file is not a well-formed WebAssembly component.',
    todo: 'Build the component again, and push it with a tool that does not change its bytes.',
  },
  lockfile_unusable: {
    exit: 3,
    says: 'The lockfile cannot be used: it is not as `sallyport lock` writes it, or the file system refuses it.',
    todo: 'Restore it from version control. To accept all plugins again, delete it and run `sallyport lock`.',
  },
  lock_mismatch: {
    exit: 4,
    says: 'The plugin, or what it is granted, is not what the lockfile pins.',
    todo: 'If you want the change, run `sallyport lock --approve <plugin>`; else undo it.',
  },
  lock_unapproved: {
    exit: 4,
    says: 'The plugin asks for more than what was approved, or comes from another signer.',
    todo: 'Read the difference; if you agree, run `sallyport lock --approve <plugin>`.',
  },
  lock_frozen: {
    exit: 4,
    says: 'With --frozen the lockfile must name exactly the plugins that are configured.',
    todo: 'Run `sallyport lock`, and keep the lockfile beside the configuration.',
  },
  version_rollback: {
    exit: 4,
    says: 'The plugin is older than one that was accepted before.',
    todo: 'Use a version that is not older; if you mean it, add `--allow-downgrade`.',
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
  egress_file_unreadable: {
    exit: 4,
    says: 'A certificate or key that a grant of outbound_http names cannot be used.',
    todo: 'Check that the file is there, that the gateway may read it, and that it holds PEM.',
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
  secret_unavailable: {
    exit: 4,
    says: 'A secret that the operator names cannot be read, or is empty.',
    todo: 'Set the variable, or mount the file, that `secrets` names; at most 64 KiB.',
  },
  audit_unusable: {
    exit: 4,
    says: 'The file for audit events cannot be written.',
    todo: 'Give the gateway a file that it may append to in `audit.file`, or leave it out: events then stand in the log.',
  },
  kv_unusable: {
    exit: 4,
    says: 'The store behind the capability kv_store cannot be opened.',
    todo: 'Give the gateway a file of its own for `kv.path`, on a local disk with room; or state `kv: { store: memory }`.',
  },

  // sandbox
  name_forbidden: {
    exit: 4,
    says: 'A core module of the component has an import or export name that could break out of generated code.',
    todo: 'Do not use this plugin: no common toolchain makes such names.',
  },
  compile_failed: {
    exit: 4,
    says: 'The component could not be translated for the sandbox.',
    todo: 'Build it again with a current toolchain; `wasm-tools validate` says more.',
  },
  compile_timeout: {
    exit: 4,
    says: 'Translating the component for the sandbox took too long.',
    todo: 'Do not use this plugin, or use a smaller build: common components take about a second.',
  },
  glue_refused: {
    exit: 4,
    says: 'The code that was generated for the component has a form that honest components do not have.',
    todo: 'Do not use this plugin. If you trust its author, report the toolchain that made it.',
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
    todo: 'See the reason: the plugin fails before its first call, so its author must fix it.',
  },
  plugin_start_timeout: {
    exit: 4,
    says: 'The plugin did not finish `configure` in time.',
    todo: 'Its author must fix it: it loops, or does too much before its first call.',
  },
  lanes_closed: {
    http: 503,
    says: 'The gateway is closing, and this call was not finished.',
    todo: 'Send the request again.',
  },
  table_over_limit: {
    exit: 4,
    says: 'The component starts with a larger table than any plugin may have.',
    todo: 'Do not use this plugin: no common toolchain makes such tables.',
  },
  feature_forbidden: {
    exit: 4,
    says: 'The component uses a feature of WebAssembly that the sandbox cannot bound.',
    todo: 'Ask the author for a build without it; common toolchains do not use it unless told to.',
  },
  memory_over_limit: {
    exit: 4,
    says: 'The component starts with more memory than its limit.',
    todo: 'Raise limits.memory_mib of the plugin, or use a smaller build.',
  },

  // plugin
  plugin_kind_unsupported: {
    exit: 4,
    says: 'This gateway cannot use plugins of this kind yet.',
    todo: 'Use a plugin of kind transform, or a later version of the gateway.',
  },
  hook_unsupported: {
    exit: 4,
    says: 'The descriptor names a hook that this gateway does not call yet.',
    todo: 'Remove it from hooks in plugin.json: the plugin would never be called for it.',
  },
  export_missing: {
    exit: 4,
    says: 'The component does not export an interface that its kind needs.',
    todo: 'Build it for the world of its kind, in the version that the gateway has.',
  },
  contract_mismatch: {
    exit: 4,
    says: 'The component imports or exports something that differs from the contract.',
    todo: 'Ask the author to build the plugin against the unchanged WIT of the contract, for example with `sallyport plugin build`.',
  },
  plugin_config_invalid: {
    exit: 4,
    says: 'The `config` of the plugin does not fit the schema in its descriptor.',
    todo: "Change it in the gateway's file; the plugin's README says what it takes.",
  },
  limit_ungranted: {
    exit: 4,
    says: 'The plugin asks for more than its limit.',
    todo: "Raise the limit of this plugin in the gateway's file, or leave the plugin out.",
  },

  // hook
  plugin_failed: {
    says: 'A plugin that must see this failed, so the request was blocked.',
    todo: 'See the log: a line `a plugin failed` with the same request id has the cause and what the plugin said.',
  },
  not_showable: {
    says: 'A plugin must see this, and it cannot be shown to it, so the request was blocked.',
    todo: 'See `description` for what cannot be shown; change the request, or the answer of the upstream.',
  },
  plugin_blocked: {
    says: 'A plugin blocked the request. Clients get its own `code`, `reason` and `description`; this code is for the log.',
    todo: 'Read the reason: the plugin did what it is for.',
  },

  // upstream
  proxy_invalid: {
    exit: 3,
    says: 'A variable of the environment does not name a proxy.',
    todo: 'Set HTTP_PROXY or HTTPS_PROXY to a URL such as http://proxy.example:3128, or unset it.',
  },
  upstream_unavailable: {
    exit: 5,
    says: 'The upstream could not be started or reached.',
    todo: 'Start it, or correct its `stdio.command` or `http.url`; its own log lines carry its id.',
  },
  upstream_timeout: {
    exit: 5,
    says: 'The upstream did not answer in time.',
    todo: 'Look into the upstream, or give it more time: `setting` names what sets the limit.',
  },
  upstream_closed: {
    exit: 5,
    says: 'The upstream closed the connection, or its process ended, before it answered.',
    todo: 'Look into the upstream; it is connected again with the next request.',
  },
  upstream_garbage: {
    exit: 5,
    says: 'The upstream answered with something that is not MCP.',
    todo: 'Check that the command or url is an MCP server, and that it writes nothing but messages.',
  },
  upstream_error: {
    says: 'The upstream answered with an error.',
    todo: 'Read its text in the log line of the request. With `unhooked: pass`, the binding hands it to clients.',
  },
  upstream_too_large: {
    exit: 5,
    says: 'The answer of the upstream is larger than allowed.',
    todo: 'Ask for less, raise `limits.answer_bytes`, or have the upstream send a resource link instead of the content.',
  },
  upstream_refused: {
    exit: 5,
    says: 'The upstream refused the credentials of the gateway.',
    todo: 'Give the upstream the right `http.headers`. What a client sends to the gateway is never passed on.',
  },
  upstream_redirected: {
    exit: 5,
    says: 'The upstream redirects elsewhere, and redirects are not followed.',
    todo: 'Write the final address into `http.url`.',
  },
  upstream_status: {
    exit: 5,
    says: 'The upstream answered with an HTTP status that refuses the request.',
    todo: 'Act on `status`: after 429 and 503 try again later, otherwise look into the upstream. Other requests are not affected.',
  },
  upstream_tls: {
    exit: 5,
    says: 'No trusted connection to the upstream could be made.',
    todo: 'See the log line of the request for the reason; NODE_EXTRA_CA_CERTS names a file with further authorities.',
  },
  upstream_revision: {
    exit: 5,
    says: 'The upstream speaks only revisions of MCP that this gateway does not.',
    todo: 'Use a server that speaks 2025-11-25 or one of its predecessors.',
  },
  upstream_transport: {
    exit: 5,
    says: 'The upstream speaks HTTP+SSE, the transport of revision 2024-11-05, which this gateway does not.',
    todo: "Use the server's streamable HTTP endpoint, often `/mcp` in place of `/sse`, or start it over stdio.",
  },

  // gateway
  host_refused: {
    http: 403,
    says: 'The Host header names a host that this gateway does not serve.',
    todo: 'Call it by a name that it knows, or add the name to `allowed_hosts`.',
  },
  host_ambiguous: {
    http: 400,
    says: 'The request has more than one Host header.',
    todo: 'Send one. If a proxy adds the other, fix the proxy.',
  },
  origin_refused: {
    http: 403,
    says: 'A page of this origin may not call the gateway.',
    todo: 'Add the origin to `allowed_origins`, if its pages may.',
  },
  path_unknown: {
    http: 404,
    says: 'There is nothing at this path.',
    todo: 'Use /mcp, or /mcp/ and the id of a binding.',
  },
  http_method_refused: {
    http: 405,
    says: 'This HTTP method is not served here.',
    todo: 'Use POST for messages, GET for the stream of notifications, DELETE to end a session.',
  },
  media_type_refused: {
    http: 415,
    says: 'The body is not declared as JSON.',
    todo: 'Send `Content-Type: application/json`.',
  },
  not_acceptable: {
    http: 406,
    says: 'The client does not accept what this gateway answers with.',
    todo: 'Send `Accept: application/json, text/event-stream`.',
  },
  body_too_large: {
    http: 413,
    says: 'The body is larger than allowed.',
    todo: 'Send less, or raise `limits.body_bytes`.',
  },
  json_malformed: {
    http: 400,
    says: 'The body is not JSON.',
    todo: 'Send one JSON-RPC message, in UTF-8.',
  },
  json_excessive: {
    http: 400,
    says: 'The body holds more values, or deeper nesting, than a message may have.',
    todo: 'Send less in one message: at most 100,000 values, in at most 256 levels.',
  },
  batch_refused: {
    http: 400,
    says: 'The body is a batch that cannot be served: MCP has no batches since revision 2025-06-18.',
    todo: 'Send each message in a request of its own.',
  },
  message_invalid: {
    http: 400,
    says: 'The body is not a JSON-RPC 2.0 message.',
    todo: 'Send an object with `"jsonrpc": "2.0"`, a method, and for a request an id.',
  },
  params_invalid: {
    says: 'The params are invalid for this method.',
    todo: 'Correct the reported member.',
  },
  method_unknown: {
    says: 'This gateway does not know the method.',
    todo: 'Use a method of the negotiated revision that the capabilities offer.',
  },
  name_unknown: {
    says: 'No upstream of this binding has a tool or prompt of this name.',
    todo: 'List them; behind a binding of several upstreams a name is the id of its upstream, `__`, and the name there.',
  },
  resource_unknown: {
    says: 'No upstream of this binding has this resource.',
    todo: 'List the resources and the templates.',
  },
  revision_unknown: {
    http: 400,
    says: 'The client asks for a revision of MCP that this gateway does not speak.',
    todo: 'Send `initialize` with one of the revisions in `supported`, and then the one that it answers with.',
  },
  session_missing: {
    http: 400,
    says: 'The request belongs to no session.',
    todo: 'Send `initialize` first, and then the Mcp-Session-Id of its answer with every request.',
  },
  session_unknown: {
    http: 404,
    says: 'The session does not exist, or has ended.',
    todo: 'Send `initialize` again.',
  },
  sessions_exhausted: {
    http: 503,
    says: 'The gateway, or the address of the client, has as many sessions as it may, and all are in use.',
    todo: 'End sessions that are not needed, try again later, or raise `limits.sessions` or `limits.address_share`.',
  },
  streams_exhausted: {
    http: 503,
    says: 'The gateway, or the address of the client, has as many streams of notifications open as it may.',
    todo: 'Close streams that are not needed, try again later, or raise `limits.streams` or `limits.address_share`.',
  },
  overloaded: {
    http: 503,
    says: 'The gateway is at one of its limits.',
    todo: 'Try again after the seconds of Retry-After. The hint names the setting to raise.',
  },
  draining: {
    http: 503,
    says: 'The gateway is shutting down.',
    todo: 'Send the request again; another instance answers, or this one after its start.',
  },
  listen_failed: {
    exit: 1,
    says: 'The gateway cannot listen at this address.',
    todo: 'Change `listen`, or end what listens there.',
  },

  // registry for development
  registry_not_loopback: {
    exit: 2,
    says: 'The registry for development has no login, and so it only listens on addresses of this machine.',
    todo: 'Use 127.0.0.1, [::1] or localhost; for others, run a registry with a login.',
  },

  // author's tools
  file_exists: {
    exit: 2,
    says: 'The file is there already, and it is not overwritten.',
    todo: 'Name another file, or move this one away.',
  },
  private_key_invalid: {
    exit: 2,
    says: 'This is not an Ed25519 private key.',
    todo: 'Give a PKCS#8 PEM, as `sallyport keygen` or `openssl genpkey -algorithm ed25519` writes it.',
  },
  passphrase_refused: {
    exit: 2,
    says: 'The private key is encrypted, and its passphrase is missing or wrong.',
    todo: 'Name a file that has it in its first line with `--passphrase-file`, or run the command in a terminal.',
  },
  zip_refused: {
    exit: 4,
    says: 'This is not the zip of a plugin: component, signature and plugin.json, and nothing else.',
    todo: 'Make it with `sallyport plugin pack`; do not use one of unknown origin.',
  },
  file_unwritable: {
    exit: 1,
    says: 'The file cannot be written.',
    todo: 'Check that its folder is there, that you may write to it, and that the disk has room.',
  },
  plugin_build_failed: {
    exit: 1,
    says: 'The plugin could not be built.',
    todo: 'Fix what the message reports in the source or in plugin.json.',
  },
  cases_invalid: {
    exit: 2,
    says: 'The cases cannot be read.',
    todo: 'Fix the file as the message says: docs/plugin-guide.md, "Test it".',
  },
  toolchain_missing: {
    exit: 1,
    says: 'What builds plugins of this language is not installed.',
    todo: 'Install what the message names, and build again.',
  },
} as const satisfies Record<string, Code>;

export type FaultCode = keyof typeof table;
export const codes: Readonly<Record<FaultCode, Code>> = table;
