/**
 * What Sallyport promises, as data. A test cites an entry by writing its id in square brackets in the test's name;
 * requirements.test.ts fails on an entry that no test cites and on a citation of no entry.
 */
export const requirements = {
  // source: SRC-…
  'SRC-01': 'A source returns the bytes, their digest, and their origin.',
  'SRC-02': 'Content of another size or digest than was resolved is refused, whatever the source.',
  'SRC-03': 'A component larger than the limit is refused before it is fetched.',
  'SRC-04': 'Signature, key id and stated descriptor come with the artifact, unverified.',
  'SRC-05': 'A reference with a digest is fetched by it.',
  'SRC-06': 'A layout that holds several artifacts is read by name, and not guessed at.',
  'SRC-07': 'The sidecar of a file is the raw signature over its exact bytes.',
  'SRC-08': 'A reference names registry, repository, and tag or digest; anything else is refused.',
  'SRC-09': 'Challenges are read as RFC 9110 writes them.',
  'SRC-10': 'Plain http is for this machine, and for registries that the operator names.',
  'SRC-11':
    "A login goes to a token service on the registry's own host, or one that the operator trusts, and over https.",
  'SRC-12': 'A redirect never leads from https to plain http, nor from this machine to plain http elsewhere.',
  'SRC-13':
    'Logins are found where docker keeps them: in its config.json, and through the credential helpers it names.',
  'SRC-14': "Errors of docker's logins are reported without secrets.",
  'SRC-15': 'When the registry is away, a plugin that is cached is loaded from the cache, with a warning.',
  'SRC-16': 'A registry that refuses is obeyed, whatever is cached.',
  'SRC-17': 'What is cached is not fetched again.',
  'SRC-18': 'Cached content is hashed on each load, and fetched again if it is corrupted.',
  'SRC-19': 'An unusable cache is reported by name.',
  'SRC-20': 'The cache is an OCI image layout.',
  'SRC-21': 'Several processes may write one cache at the same time.',
  'SRC-22': 'A crash at any moment leaves the cache whole.',
  'SRC-23': 'What may pass (429, 5xx, broken connections) is tried again, with pauses, as long as the registry asks.',
  'SRC-24': 'A plugin is pushed as a CNCF Wasm OCI artifact with one layer.',
  'SRC-25': 'The same plugin has the same manifest digest each time it is pushed.',
  'SRC-26': 'Everything that a registry answers is bounded, and an answer that is not what was asked for is refused.',
  'SRC-27': 'A login is sent only to the registry, not to the target of a redirect.',
  'SRC-28': 'A tag is resolved once, and everything fetched later belongs to that digest.',
  'SRC-29': 'An index is followed when it leads to one manifest for WebAssembly, and only then.',
  'SRC-30': 'A registry that is too slow is given up on.',
  'SRC-31': 'A certificate that is not trusted ends the attempt.',
  'SRC-32': "The host pushes to and pulls from Debian's docker-registry: anonymous, with a password, and with tokens.",
  'SRC-33':
    "Docker's logins are found as docker and podman find them: the most specific entry that the repository is under, Docker Hub by each of its names, null as absent.",
  'SRC-34': 'A registry that refuses a login is reported with the place of that login.',
  // verify: VER-…
  'VER-01': 'A signature is the raw 64 bytes of Ed25519 over the exact bytes; a key id is the sha256 of the SPKI DER.',
  'VER-02':
    'Keys and signatures of small or mixed order, or not canonically encoded, are refused; so is any other key.',
  'VER-03':
    'A component carries one descriptor of at most 256 KiB; a wrong one is refused with the field that is wrong.',
  'VER-04': 'A key pinned in the source is the only one that counts for it.',
  'VER-05': 'A trusted key signs within its scopes and dates, while it is active; each refusal has a code of its own.',
  'VER-06': 'A revoked digest or key is refused, no matter who signed and what is pinned.',
  'VER-07': 'The signed descriptor has the configured id, agrees with every other that is stated, and is not expired.',
  'VER-08':
    'Unsigned plugins are accepted only when the operator says so, with a warning each time; a wrong signature never.',
  'VER-09': 'What is not a component is refused before anything in it is believed.',
  'VER-11': 'Nothing but the verifier makes a verified artifact.',
  'VER-12': 'A descriptor with a duplicate name in one of its objects is refused.',
  'VER-10': 'openssl verifies what the tool signed, and the host accepts what openssl signed.',
  // config: CFG-…
  'CFG-01': 'sallyport.yaml has one schema with safe defaults, and unknown keys are refused.',
  'CFG-02':
    'All problems of the file are reported at once, each with file, line, column, path and message, most with a hint.',
  'CFG-03':
    'Variables are replaced in strings only; a missing one is reported with its place; no message contains the value of one.',
  'CFG-04': 'Relative paths are those of the folder of the file, and key files are read with it.',
  'CFG-05': 'Aliases cannot make a small file grow without end.',
  'CFG-06': 'What is not wrong and yet rarely meant is a warning.',
  'CFG-08': 'A payload that the heap of a lane could not hold is refused as a setting, by its name.',
  'CFG-07': 'The JSON Schema for editors accepts and refuses as the gateway does, up to what spans several entries.',
  'CFG-91':
    'plugin_settings states defaults for all plugins: timeout, on_error, and when a failing plugin is tried again.',
  'CFG-09':
    'What can never match or be sent is refused with what to write: hosts, origins, registries, URLs, headers, commands.',
  'CFG-95': 'A rule of a binding that can never match is refused, and a binding that refuses everybody is a warning.',
  'CFG-96': 'Settings that would let a request pass without the decision of a policy are refused.',
  'CFG-110':
    'Plugins in `identity` have no settings that would let a request pass, and are granted nothing by default.',
  'CFG-97':
    'A tenant may state its own configuration of a plugin; unknown plugins, duplicates and anything else are refused at their place.',
  'CFG-98': 'Secrets with values of tenants are refused where one value serves all callers.',
  'CFG-120':
    'Accounts that users could not connect, because users, their sign-in, a public URL or a key are missing, are refused at start.',
  'CFG-90':
    'What variables put into headers, environments, arguments and plugin configs, and credentials in headers and URLs, stand in no message and no line of the log.',
  'CFG-140':
    'Every change of a configuration is described in words, by section, entry and member, without the value of a secret.',
  'CFG-141': 'A change of a section without words of its own is described too, within bounds.',
  'CFG-130': 'A management API without credentials, or at an address or path that is taken, is refused at start.',
  // capability: CAP-…
  'CAP-01': 'A plugin whose imports, declaration and grants agree is accepted.',
  'CAP-02': 'Any mismatch of the three lists is refused, all at once, each with what to add or remove.',
  'CAP-03': 'The line that a refusal says to add is one that the config accepts.',
  'CAP-04': 'A grant that is malformed or wider than its capability allows is refused.',
  'CAP-05': 'outbound_http reaches exactly what its rules, methods and sizes allow.',
  'CAP-06': 'A name that resolves to an address that is not public is not connected to.',
  'CAP-07': 'clock and random give real values where granted; log and context work for every plugin.',
  'CAP-08': 'The inert WASI set gives no power: empty environment, no folders, output into the log.',
  'CAP-20':
    'A rule of outbound_http names scheme, host or its subdomains, port, path and methods; any host only if explicit.',
  'CAP-21': 'A URL is normalised before it is compared, and refused where it has no normal form.',
  'CAP-22': 'allow_private is the only way to an address that is not public.',
  'CAP-23': 'A name is resolved once, every address checked, and the connection made to what was checked.',
  'CAP-24': 'A redirect is checked against the same rules, and takes no credential to another origin.',
  'CAP-25': "Headers that decide framing, routing and identity are the host's to set.",
  'CAP-26': 'An answer that is too long, too slow or never ends is cut off.',
  'CAP-27': 'Concurrent requests, requests per minute and the length of a request are limited by the grant.',
  'CAP-28':
    'TLS is always verified, against the requested name; only the operator adds authorities and client certificates.',
  'CAP-29': 'A component that uses wasi:http is subject to the same engine and the same rules.',
  'CAP-40': 'kv_store keeps values by key, whatever bytes they are of, and lists keys by prefix in pages.',
  'CAP-41': 'No plugin and no tenant sees or changes the keys of another.',
  'CAP-42': 'A value with a time to live is gone when it is over.',
  'CAP-43': 'Comparing and adding are atomic.',
  'CAP-44': 'Keys and bytes of each plugin and tenant are limited by the quota of its grant.',
  'CAP-45': 'What the sqlite store acknowledged survives a restart, a kill -9, and a second process.',
  'CAP-46': 'An unusable store is reported by name at the start.',
  'CAP-47': 'secret_store gives the secrets that a grant names, as they are now, and no others.',
  'CAP-48': 'A placeholder becomes its value only for the plugin, the header and the origin of its grant.',
  'CAP-49': 'Secrets that were handed out stand in no log line, no violation and no error.',
  'CAP-50': 'A refused use is counted, and written to the audit log.',
  'CAP-51': 'Names, labels and series of metrics are limited, and no plugin writes into the metrics of another.',
  'CAP-52': 'audit writes events under the id of the plugin, with the request, to the log or a file.',
  'CAP-53': 'Of headers and claims a plugin sees what its grant names, and nothing else reaches its lane.',
  'CAP-54': 'A secret that cannot be read or is not defined is reported at the start.',
  'CAP-55': '/metrics serves the metrics of gateway and plugins to this machine, and to others only if configured.',
  'CAP-60': 'tool_call calls the tools that its grant names, and every tool only if the grant says so explicitly.',
  'CAP-61':
    'A call by a plugin goes the way of a client’s call, past the same plugins, under an id derived from the request’s.',
  'CAP-62': 'A tool that the grant does not name is not called, also where another plugin would make it that tool.',
  'CAP-63': 'A call that leads back to itself is refused, as is one beyond the depth or the number of the grant.',
  'CAP-64': 'Arguments, results and time of such a call are bounded, and the reason for a missing result is reported.',
  'CAP-65': 'A call by a plugin ends with the hook call that waits for it, and with the client’s request.',
  'CAP-66': 'However many plugins wait for calls of their own, they are served, and honest requests lose nothing.',
  'CAP-67': 'The tools that a learning plugin would have called are reported as the smallest grant.',
  'CAP-70': 'docs/capabilities.md lists the refusals of every capability, and each of them has a test.',
  'CAP-71': 'Every use that a grant does not let through is counted by plugin, capability and reason, and audited.',
  'CAP-72': 'So is every use of an optional capability that was not granted.',
  'CAP-73':
    'In learning mode each use of any capability is refused and recorded, and printed as a grant that the file accepts.',
  'CAP-74': 'A component that asks by wasi:http starts and learns too, whatever method it asks with.',
  'CAP-75': 'A secret that a server repeats does not reach the guest that used it by reference.',
  'CAP-76': 'Known secrets are masked also in cut text, in children of the log, in metrics, and in learned uses.',
  'CAP-77':
    'check refuses what start would of secrets, store, audit trail and egress files, all at once, and leaves nothing behind.',
  'CAP-90': 'A header whose name or value is none, such as one with a line break, is refused, counted and audited.',
  'CAP-91': 'A tenant whose name is empty is not the same as no tenant.',
  'CAP-92': 'A plugin that calls tools without end costs honest clients no request, and their p99 stays.',
  'CAP-94': 'A plugin has one look-up of the system under way: these hold threads that the whole gateway shares.',
  'CAP-95': 'While another process writes to the store, uses of it wait, and the gateway does not.',
  'CAP-96':
    'What one hook call measures and writes is bounded in size, in the lane already; measurements that are none never leave it.',
  'CAP-98':
    'A header that a plugin sets goes with the one request of its call; the last plugin that did not fail wins, also over the operator.',
  'CAP-99':
    'A secret in such a header is put in by reference where its grant allows, else the call is blocked; whatever repeats it is masked.',
  'CAP-100': 'A header that a plugin sets reaches no other upstream, and follows no redirect.',
  'CAP-101': 'If there is no HTTP request whose header could be set, the plugin gets an error.',
  'CAP-102':
    'Headers of the connection, the framing and MCP can neither be granted nor set; credentials only where they are named.',
  'CAP-103':
    'A plugin that gets `kv_store` at run time keeps its values in the file; none is created before a plugin uses it.',
  'CAP-104':
    'A plugin in each language can set a header of the request to the upstream, and gets the error of the contract for a header that is refused.',
  'CAP-105': 'A guest without `outbound_http` polls WASI streams in a shared lane, which cannot wait for a promise.',
  'CAP-106': 'An audit event beyond what one hook call may write is an error of the guest, not silently dropped.',
  'CAP-107':
    'Threads that share the values of a plugin lose no addition, tear no value and leave no lock behind, whenever they end.',
  'CAP-108':
    'Values in memory stay whole when the stack or the memory is used up; memory that was overwritten becomes empty.',
  'CAP-109':
    'A plugin with `kv_store` and `secret_store` shares its lane and is answered at once; in a process, and beside capabilities that wait, it gets the same answers.',
  'CAP-110': 'A chain that stored something does not run again when another chain ends its lane.',
  'CAP-111': 'Only capabilities that reach servers and other tools suspend a plugin; all others answer at once.',
  'CAP-112': 'Values on disk belong to a thread of their own, which lanes ask without the gateway’s thread.',
  'CAP-113': 'The thread of the store holds each plugin to its own keys and its grant, whatever its lane asks.',
  'CAP-114':
    'A lane that is ended while it uses values on disk loses no addition, leaves nothing half written, and holds up no other.',
  'CAP-115': 'Closing the store commits what was asked, also while another process has the file to itself.',
  'CAP-116':
    'If the thread of the store ends, or the disk is full, uses of kv_store fail with the reason, and the gateway goes on; the thread starts again.',
  'CAP-117':
    'While another process locks the file of the store, requests that do not use it are served as before, and calls that do end by their deadline.',
  'CAP-118': 'An inline plugin with kv_store on disk is refused by start and by check, with what to do.',
  'CAP-119':
    'Audit events are queued and written in groups; a shutdown and an exit of the process write all that wait.',
  'CAP-120':
    'A full queue of audit events lets hook calls wait, or drops and counts by setting, and does not grow without bound.',
  'CAP-121':
    "A plugin gets the value of its caller's tenant, by value and by reference, in each isolation, and cannot pass it to a caller of another tenant.",
  'CAP-122':
    'A tenant whose own value of a secret cannot be read gets none, and a missing one stops the start; a secret may have values of tenants only.',
  'CAP-123':
    'A plugin has its number of series once, however often it is reloaded or its lanes start, until it is removed.',
  'CAP-93':
    'As names of claims, headers, keys, tenants, tools and labels, those that lead to prototypes find what was put there.',
  // sandbox: SBX-…
  'SBX-01': 'A core module with a name that could break out of generated glue is refused before jco sees it.',
  'SBX-02': 'What is not a well-formed component is refused with a code of its own.',
  'SBX-03': 'No memory of a plugin grows above its limit.',
  'SBX-04': 'Glue that is not the one we know how to restrain is refused.',
  'SBX-05': 'Translating happens in a child process, and fails or times out with a clear refusal.',
  'SBX-06': 'What jco made is cached by component, and made anew when the cache was damaged.',
  'SBX-07': 'A chain of consecutive plugins passes the value through them, in order, and stops where it should.',
  'SBX-08': 'A looping plugin is stopped at its deadline, and every other call is served.',
  'SBX-09': 'After a trap, a stack overflow or a memory bomb the next call is served by a fresh instance.',
  'SBX-10': 'A plugin that does not start is refused by name, all of them at once.',
  'SBX-11': 'Log lines beyond the limit are dropped and counted; request state beyond it ends the call.',
  'SBX-12': 'A plugin that waits for a host function parks its instance and not its thread.',
  'SBX-13': 'The glue has no way to the powers of Node.',
  'SBX-16': 'Chains that wait for a lane take turns by binding.',
  'SBX-17': 'Isolation pooled, tenant and fresh: an instance serves all, one tenant, or one call.',
  'SBX-18': 'What a hook call is shown, answers with and asks for is bounded.',
  'SBX-19': 'Calls beyond the backlog are refused as overloaded, and nothing grows without bound.',
  'SBX-20': 'A trap is reported with the names of the guest’s functions where the component keeps them.',
  'SBX-21': 'A plugin with isolation process is served, ended and replaced like any other.',
  'SBX-22': 'The process of a lane reads the gateway’s code and no other file, writes none, and starts nothing.',
  'SBX-23': 'No table grows above its limit, and nothing of a guest lives on the heap of its lane without bound.',
  'SBX-24':
    'Calls of a component that never waits have no bookkeeping of tasks, and glue of an unknown shape is not changed.',
  'SBX-50': 'A guest that loops, recurses, grows or calls the host without end, before or after, costs its own call.',
  'SBX-51': "A guest's output is measured before it is copied out of its memory, texts that share bytes included.",
  'SBX-52':
    'A plugin that loops, recurses, grows or traps while it starts is refused by name, without holding up others.',
  'SBX-53': 'An output that is too long, too deep, not text or not an outcome is refused, and affects no other call.',
  'SBX-54': 'JSON with names that lead to prototypes passes as data, in arguments, results, details, config and state.',
  'SBX-55': 'A number of a hidden block that was not shown in this very result is refused.',
  'SBX-60':
    'A component with more of anything than a plugin needs is refused before anything works on it that cannot be stopped.',
  'SBX-61': 'What is generated for a component is bounded, and read away from the gateway’s thread.',
  'SBX-62': 'Whatever component is loaded beside a serving gateway, the load ends, and honest clients lose no request.',
  'SBX-65': 'What each plugin uses is counted: calls, time, CPU, memory, host calls, bytes out; also on /metrics.',
  'SBX-66': 'Memory of a plugin is that of its instances that live now, in all lanes, and the most it has been.',
  'SBX-67': 'A call that exceeds its CPU limit is ended with the name of the limit; waiting uses no CPU.',
  'SBX-68': 'What code that replaces the glue can reach is listed in the security model, and nothing else is reached.',
  'SBX-69': 'What the glue of one plugin reaches of its lane it cannot change for the lane or for other plugins.',
  'SBX-70': 'Outside of the realms, the thread of a lane has the names that are listed, and makes no code of text.',
  'SBX-71': 'What the process of a lane could still do is listed in the security model.',
  'SBX-72': 'Whatever a Rust plugin does, only its call fails, and honest clients lose no request.',
  'SBX-73':
    'So it is with a StarlingMonkey guest that loops, waits for nothing, takes all memory or fetches without end.',
  'SBX-74': 'A plugin that uses the store endlessly is limited, and every addition to one key counts once.',
  'SBX-75':
    'A name that is never resolved, or too late, is a timeout, reaches no server, and costs honest clients no request.',
  'SBX-80': 'Records and refusals of a call are reported once, also if it never answers or is no longer waited for.',
  'SBX-81': 'Records and refusals of a starting plugin are reported, also if it never finishes.',
  'SBX-83': 'Values that are heavy together neither go to a lane at once nor come back at once.',
  'SBX-85': 'No process of a lane or of a compilation outlives the gateway, not even one that is killed.',
  'SBX-82': 'Data between gateway and lane arrives as it was sent, in every form of transport.',
  'SBX-84':
    'A lane loads what guests get of capabilities and what runs guests: no schemas, no network, no files, nothing of what the gateway decides.',
  'SBX-15': 'Generated glue is parsed, and refused for a name, an import or a form that honest glue does not have.',
  'SBX-86':
    'A component whose imported or exported functions differ in their types from the contract is refused by check, serve, plugin test and plugin inspect, which name interface, function, place, and both types.',
  'SBX-87': 'No export makes the exports of a component pass for a promise.',
  'SBX-88':
    'What a lane returns is held against the contract on the gateway side: what differs is the invalid output of the plugin that changed it last, and costs no other call and no lane.',
  'SBX-89':
    "Host functions accept only arguments of the contract's types, and return nothing under names that all objects have.",
  'SBX-90':
    'All memories, and all tables, of all core instances of a plugin together stay below its limit, whenever they grow.',
  'SBX-91': 'Memory that a plugin uses is counted, whether its modules export it or not.',
  'SBX-92': 'Glue that takes lists of a fixed length out of a guest, uncounted, is refused.',
  'SBX-93':
    'Compiled plugins are kept where only this user can write, authenticated by a key, and checked when they are read.',
  'SBX-94': 'A killed start leaves nothing in the cache for good, and a cache that cannot be written says why.',
  'SBX-97':
    'A plugin whose glue could not be made lean is named in a warning whenever it is compiled, also from the cache.',
  'SBX-96': 'Lanes run the entry points of any kind of plugin, a policy among them, and know no kind.',
  'SBX-95':
    'A call fails with the cause that fits: a trap for whatever the guest threw or declared, in its own words, and a limit where its memory did not suffice.',
  'SBX-131':
    'Equal refusals of one call are reported with their number, and different ones up to a limit, also from a process.',
  'SBX-134': 'Lanes, processes and inline plugins ask identity plugins, and an answer of another type is a failure.',
  'SBX-132':
    'An instance that is configured for a tenant serves no other tenant, in each isolation; their number is bounded, and a configuration that a plugin refuses stops the start.',
  'SBX-14': 'Request state passes from the before hook to the after hook, and to no other plugin unless shared.',
  // hook: HOOK-…
  'HOOK-01': 'Plugins run by priority, then in the order of the file, the same before and after dispatch.',
  'HOOK-02': 'Consecutive plugins run in one hop.',
  'HOOK-03': 'State is carried from hop to hop and from before to after, and each call is reported.',
  'HOOK-04': 'A block ends the chain and carries the violation, structured.',
  'HOOK-05': 'An answer instead of the upstream passes the after hooks of all plugins.',
  'HOOK-06': 'A failure with on_error deny blocks, with plugin and cause.',
  'HOOK-07': 'A failure with on_error ignore skips that change and continues.',
  'HOOK-08': 'A failure with on_error disable takes the plugin out of every binding and is logged as an error.',
  'HOOK-09': 'What a plugin returned and is not valid is a failure of that plugin, invalid_output.',
  'HOOK-10': 'What cannot be shown to a plugin is blocked and never passed by it.',
  'HOOK-11': 'Bytes are shown only to plugins that ask for them.',
  'HOOK-12': "A changed structuredContent is validated against the tool's output schema again.",
  'HOOK-13': 'What a plugin did not see survives its changes: unknown members, annotations, _meta, hidden blocks.',
  'HOOK-14': 'A plugin cannot restore what it was not shown, nor use a hidden block twice.',
  'HOOK-15': 'A plugin cannot make up entries of a list.',
  'HOOK-16':
    'Hostile values neither crash the process nor reach a prototype: deep nesting, lone surrogates, __proto__.',
  'HOOK-17': 'A hostile output schema costs no more than its deadline, once.',
  'HOOK-20': 'Whatever a plugin returns or does, its request is denied or bounded, and the next one succeeds.',
  'HOOK-21': 'A failure that is to be ignored is passed over and logged.',
  'HOOK-23': 'A plugin that fails many times in a row is held back, and its on_error decides meanwhile.',
  'HOOK-24': 'One call finds out whether a plugin that was held back serves again.',
  'HOOK-25':
    'Whatever a returned value does to the code that takes it over is its invalid output, and no error of the gateway.',
  'HOOK-31': 'Unusable parts of an output schema are ignored, and the log names tool and place once.',
  'HOOK-22': 'While one plugin loops on every fifth request, no other request fails.',

  'HOOK-95':
    'The mode of a plugin decides by one table what follows from its outcomes: enforce, permissive (blocks are recorded), shadow (nothing counts), disabled.',
  'HOOK-94':
    'A plugin is called only for hook calls that match its conditions; otherwise there is no hop, no receipt and no parsing for it.',
  'HOOK-93':
    'The plugins that one hop takes share one list of calls, whatever their on_error, so that lanes know it again.',
  'HOOK-92':
    'One table names every request of MCP with its target, hooks and list, and a test holds it against the schema.',
  'HOOK-90':
    'Each failure of a plugin is logged with plugin, hook, request, cause and its own message, whatever on_error says.',
  'HOOK-96':
    'Consecutive plugins whose priority is stated and equal run at the same time on the same value, where the operator turns it on.',
  'HOOK-97': 'The first block of a band wins, then its first answer; each call has a receipt, in order.',
  'HOOK-98':
    'The changes of a band are merged; plugins that change the same path, or one a parent of the other’s, fail with the cause merge.',
  'HOOK-99':
    'The state that a band sets is merged; a shared key that two set differently is a failure to merge of both.',
  'HOOK-101':
    'What a plugin in shadow stores is kept in memory over the store, which never changes; nothing else that it does has an effect.',
  'HOOK-102':
    'A plugin in shadow changes, blocks and answers nothing; what it would have done is counted and logged: the code of a block, the paths of a change and never their contents, the cause of a failure.',
  'HOOK-103': 'A plugin in shadow sees the value that it would have seen at its place, where its conditions match.',
  'HOOK-104': 'A plugin in shadow sees in the after hook the state that it set itself; no other plugin sees it.',
  'HOOK-105':
    'Nothing waits for a plugin in shadow; its calls are dropped and counted while too many are under way or it keeps failing.',
  'HOOK-106': 'Answers and requests to upstreams are the same to the byte with and without a plugin in shadow.',
  'HOOK-107': 'Conditions on content types compare media types in any case, and without their parameters.',
  'HOOK-120': 'Where receipts are on, each hook call leaves one line, and a plugin that was not called leaves none.',
  'HOOK-121': 'The paths of a receipt name members that MCP or the schema of the tool names; all others are masked.',
  'HOOK-122':
    'A receipt has hashes of what changed, which only the holder of the key can compare with a value, and no content.',
  'HOOK-123':
    'Where the queue of receipts is full, calls wait or receipts are dropped and counted, by setting; closing writes them all.',
  'HOOK-124': 'Receipts are whole lines on the disk, through log rotation, a full disk and a killed process.',
  'HOOK-125': 'Where receipts are off, plugins share hops as before, and nothing is kept or hashed.',
  'HOOK-108':
    'The operator chooses some of a plugin’s hooks; one that its descriptor does not have is refused, with the nearest.',
  'HOOK-109':
    'Two plugins of a band whose descriptors declare that they change the same path are refused at load, both named with the path; a path that no hook of the plugin shows is refused.',
  'HOOK-110': 'Names in conditions that match nothing that the upstreams list are warned about, once.',
  'HOOK-150':
    'A request is sent only if every policy of its binding allows it; otherwise the client gets the violation of the first that does not.',
  'HOOK-151':
    'A policy that traps, loops, returns anything else, is held back, or is not loaded denies, whatever its settings say.',
  'HOOK-152':
    'Entries of lists, and what completions are for, are decided by the policies, together, without arguments.',
  'HOOK-153':
    'Policies decide about a request as transforms left or answered it, and a plugin in a list for another kind is refused.',
  'HOOK-154':
    'A permissive policy denies and hides nothing; what it would deny, and its failures, are recorded. The start warns of it.',
  'HOOK-180':
    'A plugin of federation sees of an upstream that joins its id, transport, URLs, command, bindings and who registers it, and no secret.',
  'HOOK-181':
    'An upstream that a plugin of federation blocks, or fails to decide about, does not join: the start or the registration fails with the reason.',
  'HOOK-182': 'Modes, on_error, conditions and receipts apply to each hook of federation as to the other hooks.',
  'HOOK-183':
    'A list of an upstream is checked by the plugins of federation as a whole, once for all clients, before any of them uses it.',
  'HOOK-184': 'A plugin of federation can remove, move and change entries of a list, and neither add nor rename them.',
  'HOOK-185': 'What a plugin of federation removed from a list cannot be called, fetched, read or completed.',
  'HOOK-186':
    'A list that is refused leaves the earlier one in use; without one nothing is listed and nothing can be called.',
  'HOOK-187':
    'Plugins of federation see what an upstream says of itself once it has joined and was reached; it changes nothing.',
  'HOOK-188': 'Plugins of federation that are replaced decide again about known lists.',
  'HOOK-170': 'A policy in Rego that never ends is stopped by the limits of the plugin, and the next decision is made.',
  // upstream: UP-…
  'UP-01': 'Revision, capabilities and instructions are negotiated with the server before its first request.',
  'UP-02': 'Progress reaches the call that asked for it, and only that one.',
  'UP-03': 'A result passes through untouched: unknown members, blobs, annotations, _meta, digits, order.',
  'UP-04': 'When the caller cancels, the server is notified.',
  'UP-05': 'A server that dies, is silent or sends garbage fails only that call; the next one is served.',
  'UP-06': 'An answer above the size limit fails only its call, and is not kept.',
  'UP-07': 'A server that is down at start can be used as soon as it is up.',
  'UP-08': 'An expired session is renewed once, and the requests that met it are sent again.',
  'UP-09': 'A broken event stream is resumed where it ended.',
  'UP-10': 'An HTTP server gets the headers that the operator configured, and none of a client.',
  'UP-11': 'Redirects are not followed, and rejected credentials are reported as such.',
  'UP-12': 'A child gets PATH, HOME and what the operator wrote, and nothing else of the environment.',
  'UP-13': 'A child ends together with all processes that it started.',
  'UP-14': 'A server that keeps failing is started again later and later, not in a circle.',
  'UP-15': 'Lists are remembered until the server says that they changed.',
  'UP-16': 'Requests have small whole numbers as ids, which are exchanged within the text of an answer.',
  'UP-17': 'A list whose changes would not be heard is believed for a minute, and brought up to date by what passes.',
  'UP-18': 'A list that is late is waited for no longer than the setting says, and learned when it comes.',
  'UP-30':
    'What a server keeps for one client no other client sees, of whatever binding; the start’s connection serves the first.',
  'UP-31':
    'Clients share a connection where the operator says so, with a warning, and where the server gave no session id.',
  'UP-32':
    'Connections to an upstream are bounded; a client beyond the limit gets the name of the setting, and is served once another leaves.',
  'UP-33': 'A connection that is unused for the idle time ends, and its client gets another one when it returns.',
  'UP-34': 'A failure to connect delays attempts of all clients, a lost connection only those of its client.',
  'UP-35': 'The log level of one client changes that of no other, and is sent again on a renewed connection.',
  'UP-39': 'A new client sees what a server offers now, also if it was replaced unnoticed more than a minute ago.',
  'UP-36':
    'The connections of a session end with it: a child with all that it started, and a session of an HTTP server.',
  'UP-37': 'The operator sees the number of connections of each upstream, and each one at level debug.',
  'UP-19': 'An HTTP status fails one request, and the client hears the status and when to come again.',
  'UP-20': 'Answers in any usual content coding are read, and decoded only as far as an answer may be long.',
  'UP-21': 'Every part of a start obeys the limit of a start, and ends when the gateway closes.',
  'UP-22':
    'Messages of a server reach everybody whatever stream they come on, its requests are answered, and it can be made to wait.',
  'UP-23':
    'A line on stdout, or an event of a stream, that is not a message is skipped, and fails at most the request that it answers.',
  'UP-24': 'A server of other revisions, or of HTTP+SSE, is reported as such.',
  'UP-25': 'Progress extends a request up to a maximum; a fault names the setting of the limit that was met.',
  'UP-26': 'Upstreams and registries are reached through the proxies of the environment.',
  'UP-27': 'A failure to connect is reported with a cause that the operator can remove.',
  'UP-28': 'A child that ends is logged with its exit code or signal and its last line of stderr.',
  'UP-29':
    'A server that floods its connection fills neither memory nor the log without bound, and leaves other requests their turn.',
  'UP-90': 'An unreachable upstream is reported with its code, the problem and what to do.',
  'UP-91':
    "An upstream gets the static secret of the caller's tenant, and no connection or process serves two tenants with different secrets.",
  'UP-92': 'The connections and lists of a caller with credentials of their own end with its last client.',
  'UP-40':
    'An upstream gets the credentials that its `auth` names, a secret or a token of an authorization server that is named or discovered, and never those of a client.',
  'UP-41':
    'Tokens are requested once for concurrent requests, replaced before they expire, kept in bounds; a failure is not repeated for a moment.',
  'UP-42':
    'A request that an upstream rejects with 401 is sent once more with another credential, and no more than once.',
  'UP-43':
    'Authorization servers are reached only where the operator named them or where they are public; slow, huge, redirected and malformed responses fail the request with a reason.',
  'UP-44':
    'With token exchange each user has their own token, connection, session and lists; the token of another subject is refused, and so is a caller without a token.',
  'UP-45':
    'A scope that the upstream requires and the token lacks is reported as such, and no token is requested again for it.',
  'UP-46': 'Where the upstream has its own authorization server, the assertion of the first server is exchanged there.',
  'UP-47':
    'A child has the credential of its user in its environment, and is replaced with the credential once its calls have ended.',
  'UP-48': 'No plugin and no configured header can replace the header that carries the credential.',
  'UP-49': 'Credentials of an upstream are hidden in its answers, notifications and output, in faults and in the log.',
  // OpenAPI upstreams: OAS-…
  'OAS-01': 'Documents of OpenAPI 3.0, 3.1 and 3.2 are read, in JSON and YAML.',
  'OAS-02':
    'Any other document is refused with what to do; problems of its structure are reported all at once, each with its place.',
  'OAS-03': 'A hostile document ends quickly with an error; it is parsed in a process of its own, with bounds.',
  'OAS-04': "References lead to other documents in the main document's folder, or on its host, and nowhere else.",
  'OAS-05':
    'Tools have unique names of at most 64 characters, which depend on no order, or those that the operator says.',
  'OAS-06': 'The operator selects operations by id, method and path, or tag.',
  'OAS-07': 'Parameters of all places and the body are merged into one input schema without clashes.',
  'OAS-08':
    'Schemas become JSON Schema 2020-12 that stands alone and stays small; circles are kept, and nothing that matters is lost.',
  'OAS-09':
    'What is wrong with an operation is reported with its place, and refuses the document or leaves the operation out.',
  'OAS-10': 'The method of an operation decides the annotations of its tool.',
  'OAS-11': 'A tool has an output schema exactly if every success of its operation is described as JSON.',
  'OAS-12': 'Parameters are written in the styles of OpenAPI, and encoded for their place.',
  'OAS-13': 'No argument leads to another path, host or header, and none that does not match is sent.',
  'OAS-14': 'Bodies are written as JSON, forms, parts, text and bytes.',
  'OAS-15': 'Operations are tools, and calls of tools are requests to the API.',
  'OAS-16':
    'Answers are passed on by their type and bounded; error statuses, pages instead of JSON, and answers that do not match their schema are errors of the tool.',
  'OAS-17': 'Only idempotent requests are sent again; a call ends at its time limit and when its caller cancels it.',
  'OAS-18': 'Requests go to the servers of the API and to public addresses, unless the operator allows others.',
  'OAS-19':
    "Secrets are sent where the document's security schemes say, only where they are needed, and hidden in answers.",
  'OAS-20': 'A document that changes is read again, and clients are notified; one that cannot be used changes nothing.',
  'UP-50':
    'With an authorization code each user connects an account with a browser, and the upstream knows the user by that account; users share nothing.',
  'UP-51':
    'A link connects an account only for the user whom it was made for, who signs in first, in one browser, once, and for a limited time.',
  'UP-52':
    'Accounts are kept encrypted for their user, upstream and authorization server; with another key or for another of these they are worthless, and keys can be replaced.',
  'UP-53':
    'A user without an account gets the link, as an elicitation if the client has declared that and otherwise in the message of the error, and is notified once the account is connected.',
  'UP-54':
    'Access tokens of accounts are refreshed once for concurrent requests, replaced refresh tokens are kept, and a grant that the server refuses is forgotten, so that the user is asked again.',
  'UP-55': 'An account that was removed is used no more after seconds, also if its token was being refreshed.',
  'UP-57':
    'Accounts are listed without tokens, and removed and revoked at their server on command, also where that cannot be asked or the key is lost.',
  'UP-56': 'Pages for users run no scripts, are shown in no frame, are not stored, and escape every text.',
  'OAS-21': 'Every operation of a real application answers through the gateway as it does directly.',
  'OAS-22':
    'serve --openapi and serve --mcp need no configuration file; the gateway says what it assumes, and listens on loopback only.',
  'UP-70':
    'Several servers behind one upstream share sessions and requests by weight, and a session stays at its server.',
  'UP-71':
    'A request goes to another instance if not a byte of it was sent, or if it may be repeated; no other is executed twice.',
  'UP-72': 'An upstream without an instance that can be reached is refused with a time to wait.',
  'UP-73':
    'An instance that fails or hangs gets no more work until it passes its checks, and waits longer with each outage that follows soon.',
  'UP-74':
    "A session ends with its instance, and the client begins another one; where the operator wants that, it continues elsewhere without the server's state.",
  'UP-75': 'A header that plugins set is sent only to the instance whose address it was decided for.',
  'OAS-23': 'Operations that only read are resources and templates of resources too, if the operator wants that.',
  'OAS-24': 'A document can be part of the configuration, of a file or of a program that embeds the gateway.',
  'OAS-25': 'Where the operator pins the digest of a document, no other is used.',
  'OAS-26':
    'The operations of one document have bounded schemas together, also where a short document refers to the same long parts many times.',
  // gateway: GW-…
  'GW-01': 'Both generations of the MCP client list, call, get, read, complete and ping through the gateway.',
  'GW-02': 'Progress reaches the client that asked for it, and its cancellation reaches the upstream.',
  'GW-03': 'An error of the upstream passes untouched; a fault is a JSON-RPC error with code and hint.',
  'GW-04': 'A violation reaches the client structured.',
  'GW-05': 'A result that no plugin touches reaches the client as the upstream wrote it.',
  'GW-06': 'The revision is negotiated: the one of the client when it is known, else the newest.',
  'GW-07': 'Behind several upstreams tools and prompts are named upstream__name, and lists are merged from all pages.',
  'GW-08': 'Behind several upstreams a resource is read from the one that has it.',
  'GW-09': 'Plugins see and change request and result, and the log line of the request lists what they did.',
  'GW-10': 'After hooks get the output schema of the tool.',
  'GW-11': 'Each binding has a path of its own, and a session belongs to one binding.',
  'GW-12': 'The stream of a session announces that a list changed.',
  'GW-13': 'Credentials of a client never reach an upstream.',
  'GW-14': 'Readiness says whether all required upstreams are connected.',
  'GW-15': 'Draining refuses new requests, finishes running ones, and closes.',
  'GW-20': 'A malformed or misdirected request is refused with code and hint, and the client is served afterwards.',
  'GW-21': 'A body above the limit is refused, announced or not.',
  'GW-22': 'A call whose client left is cancelled upstream.',
  'GW-23': 'A client can cancel only its own calls.',
  'GW-24': 'Requests above the limit of concurrency are refused with Retry-After.',
  'GW-25': 'New sessions never displace sessions in use.',
  'GW-26': 'An upstream that dies, is silent or sends garbage fails one call, with its own code.',
  'GW-27':
    'One of several upstreams that is slow holds up lists, reads and initialize no longer than the setting says.',
  'GW-28': 'An upstream that is left out of a list is logged with the reason, counted, and named by /readyz?verbose.',
  'GW-29': 'What an upstream may have changed unheard is asked for again before a client or a plugin is blamed.',
  'GW-30': 'A resource that no list names is read from the upstream that handed it out, else from the one that has it.',
  'GW-31':
    'A uri that several upstreams list is listed once and logged, and none can claim a uri that only others list.',
  'GW-32': 'Names that are too long behind their prefix are warned of, at check where their prefix shows it.',
  'GW-33': 'A cursor that the gateway did not give is refused.',
  'GW-34': 'A list that came too late for a client is announced to it.',
  'GW-61': 'A number keeps its source text on every path, and JSON with a byte order mark is read.',
  'GW-62': 'JSON is read in linear time, and what holds too many values or levels is refused before it is parsed.',
  'GW-63': 'Ids are strings or integers of any size, and are echoed exactly, by refusals too.',
  'GW-64': 'Names that differ in case only, from each other or from a parameter of MCP, reach no server and no plugin.',
  'GW-65':
    'Results that after hooks have seen are serialized again, so that no member is duplicated or in another case.',
  'GW-66': 'Members that are null count as absent where plugins see them.',
  'GW-90':
    'A request that was refused or failed is one line of level 40 with code, hint, details and cause, one of level 50 where it is our mistake, and counted by code.',
  'GW-91': 'A request that a plugin blocked, or whose plugin failed, is logged as such, with the cause.',
  'GW-92': 'Nothing in the line of a request is without bound.',
  'GW-100':
    'No remote address takes all sessions: one that has used up its share, or has the most, loses idle ones first.',
  'GW-101': 'A session without activity for an hour ends, together with its upstream connections.',
  'GW-102': 'Streams of notifications are limited by themselves, and divided among addresses as sessions are.',
  'GW-93':
    '/readyz?verbose names the upstreams that cannot be reached with the last fault, and the plugins that are held back or disabled.',
  'GW-94': 'GET /plugins, if enabled, lists the plugins with their modes and state to those who may read the metrics.',
  'GW-95': 'The line of a served request is the same, in whatever way it is written, and absent below its level.',
  'GW-80':
    "What a server passes of the MCP project's conformance suite, it passes behind the gateway, with plugins and without.",
  'GW-81': 'What of MCP is not passed on is documented, and nothing else is lost.',
  'GW-40':
    'A request counts until its answer has been read. A client that does not read gets no more progress and is disconnected; the bytes waiting for clients are bounded.',
  'GW-41':
    'A long call sends comments to a client that accepts event streams; a short one is answered with plain JSON.',
  'GW-42':
    'A session may have several streams of notifications. A message goes to one of them, and a dead one blocks none.',
  'GW-43': 'Pages of allowed origins can call the gateway and read every answer; others can do neither.',
  'GW-44':
    'A call that still runs when draining ends is answered, cancelled upstream, and logged with its real status.',
  'GW-45': 'A binding is served at /mcp/{id} and /{id}/mcp, with or without a trailing slash.',
  'GW-46': 'On a wildcard address, the names of this machine are accepted from this machine only.',
  'GW-47': 'A request with two Host headers is refused.',
  'GW-48': 'With metrics for loopback, requests that a local proxy forwards do not get them.',
  'GW-49': 'A connection whose request headers do not arrive in time is closed.',
  'GW-50': 'Clients of HTTP/1.0 are served.',
  'GW-51': 'Clients of 2024-11-05 are served over streamable HTTP, in their own revision.',
  'GW-52': 'Batches are answered in the revisions that have them, within bounds, and refused by id in the others.',
  'GW-53': 'A client that sets no log level gets the log messages of its calls from info on.',
  'GW-54':
    'A binding with after hooks keeps log messages and texts of progress and upstream errors from clients, unless its file says to pass them.',
  'GW-55': 'Tools are listed and called without tasks; those that only run as tasks are not listed.',
  'GW-56': 'A binding of one upstream goes by its server information, one of several by its own id.',
  'GW-57': 'A client of a later revision gets the list of supported revisions.',
  'GW-59': 'However often readiness is asked for, an upstream that is down is tried only now and then.',
  'GW-58': 'Whatever a client sends, the names in its log line are at most 1,000 characters long.',
  'GW-110':
    'A request belongs to one revision, by its method, headers and body, or is refused with those that are served.',
  'GW-111': 'An error has the JSON-RPC number of the revision that the request was written in.',
  'GW-112': 'Each request passes the HTTP steps in one order: Host and Origin, overload, authentication.',
  'GW-113':
    'Sessions, stored values and what plugins see belong to the caller; for an anonymous caller, log and metrics are unchanged.',
  'GW-114':
    'What a request allocated is collected while it is young: garbage of the old generation does not refer to it.',
  'GW-116': 'A request without credentials, or with ones that no scheme knows, is refused with a challenge.',
  'GW-117': 'Who a caller is may be said by a proxy in headers, from the addresses of that proxy only, and once each.',
  'GW-119':
    'API keys are stored as hashes in a file that only grows; the caller of a valid one is known, and any other is refused.',
  'GW-120': 'A revoked key is refused within a second, and no key is accepted while the file cannot be read.',
  'GW-121':
    'The gateway serves https, and reads its certificates again when they change; unusable ones do not replace them.',
  'GW-122':
    'A client is known by its certificate, by an authority that the operator names; expired, revoked and foreign ones are refused.',
  'GW-123':
    'A tenant or caller at one of its limits is refused with 429 and Retry-After, and no other tenant notices, also under load.',
  'GW-124': 'A tenant may use the bindings that it is given, and its sessions and those of each caller are limited.',
  'GW-125': 'A notification stream ends when the credentials that opened it are no longer accepted.',
  'GW-126': 'Plugins send no more requests for a tenant than its limit, and those for others are not affected.',
  'GW-118':
    'An address that other machines can reach is refused unless the configuration says how callers are authenticated.',
  'GW-130':
    'An access token is accepted if its signature, issuer, audience, times, type and algorithm are right; for others the reason is in the log alone.',
  'GW-131':
    'Each path of a binding has metadata of a protected resource for everybody, and challenges that name it; an audience has one form.',
  'GW-132':
    "An issuer's keys are fetched when needed, seldom, and go on for a limited time without it; then tokens wait, and are not refused.",
  'GW-133':
    'Requests to an authorization server go to no private address that the operator did not allow, and are bounded in size and time.',
  'GW-134':
    'A caller without the scopes of a scheme, a binding or a rule is answered with all scopes that are needed; those of rules about anyone are published.',
  'GW-135': 'A request with a token that was verified before waits for nothing, until the token expires.',
  'GW-136':
    'An opaque token is introspected at its server with the client of the gateway, seldom, and accepted only if the server says that it is active and for the gateway.',
  'GW-137':
    'Refused credentials are counted, audited and logged a few times in a period; an address with many failures waits, but not for callers who were accepted.',
  'GW-138':
    "The SDK's client gets from a gateway's URL alone through a real authorization server to a call, and to further scopes.",
  'GW-139':
    'With the configuration of the docs, users of two tenants sign in, list and call what their tenant may, and are known to the upstream by tokens of their own.',
  'GW-115': 'A client that goes on to send a refused body gets the answer, and is disconnected.',
  'GW-150':
    'A request is allowed by a rule of its binding or refused before its target is looked up, so a forbidden name gets the same answer as an unknown one.',
  'GW-151':
    'Once callers are identified, a binding without rules refuses everybody, and an anonymous caller needs a rule that names `anonymous`.',
  'GW-152':
    'A request that a rule would allow with more scopes is refused with these scopes, in the body and in WWW-Authenticate.',
  'GW-153': 'Lists show what the caller may use, by the same decision as a call.',
  'GW-154':
    'A request is decided again for the target that is sent or answered, and calls of plugins have the rights of the caller.',
  'GW-155':
    'The log line and a metric of each request show what the rules decided, and which one; refusals are in the audit trail.',
  'GW-156': 'Two Authorization headers in one request are refused, because a proxy may have checked the other one.',
  'GW-157':
    'Refusals that anybody, or a tenant at its limit, can cause at will write a few log lines in a period, and their number.',
  'GW-158': 'A stream outlives credentials that cannot be checked by minutes, whatever its client does.',
  'GW-159': 'The time of plugins counts for a tenant also where the client left before they ended.',
  'GW-160':
    'What tenants, callers and addresses have used is forgotten once it no longer counts; that takes a constant time for each new one.',
  'GW-170':
    "Behind proxies that the operator names, a client's address is what the last of them appended; a client can pretend to no other.",
  'GW-171':
    'A proxy that names callers can be known by its client certificate, in addition to its address or instead of it.',
  'GW-172':
    'A running call is cancelled and answered when the credentials that it began with are revoked, or have been expired for longer than the operator allows.',
  'GW-173':
    'After lists of revoked certificates or authorities were replaced, no request is served over a connection whose certificate was verified before.',
  'GW-200': 'A plugin is asked about the header that the operator chose, and gets no key or token of another scheme.',
  'GW-201': 'What a plugin said of credentials is remembered by their hash, no longer than it and the operator say.',
  'GW-202': 'Clients do not get the reason for which a plugin refuses credentials, and the log has it.',
  'GW-203': 'A plugin that fails, is missing or answers nonsense identifies nobody, and nobody is anonymous for it.',
  'GW-204': 'Credentials that a plugin does not accept use the budget of their address.',
  'GW-205':
    'A plugin states no subject of another scheme, and no tenant, scope or claim that the operator did not allow.',
  'GW-206': 'Plugins around authentication see a request, and afterwards its caller, but no credentials.',
  'GW-207': 'Plugins around authentication can refuse a request, and do so when they fail.',
  'GW-208': 'A plugin after authentication takes away, and never gives more than a tenant that the operator allows.',
  'GW-209':
    'Identity plugins are counted and audited like the other schemes, and named in no other place than `identity`.',
  'GW-180':
    'A binding can offer its tools by search: three tools find, describe and call the others, in every revision, and say what is wrong with their arguments.',
  'GW-181':
    'A call of call_tool is the call of the tool that it names: rules, hooks, policies, log, progress and cancellation are the same.',
  'GW-182': 'A search finds, and describe_tool describes, exactly what the caller would be listed otherwise.',
  'GW-183': 'What is searched is bounded, read once while upstreams would report a change, and again after one.',
  'GW-210':
    'A session of an application identifies its user, by a plugin that asks the application with a secret that it does not see.',
  'GW-216':
    'Metrics are labelled with the names of configured tenants; all others share one label, so that callers cannot add series. Log lines name the tenant.',
  'GW-260': 'Stated routes replace the usual ones, and stand for every URL of the gateway.',
  'GW-261': 'A binding is served at a host of its own, which serves nothing else.',
  'GW-262':
    'Each URL of a binding, also on a host of its own and of each tenant, is a resource with metadata of its own.',
  'GW-263':
    'A Host header is compared exactly but for case and port; a wildcard stands for one label, where a route is in its domain.',
  'GW-264': 'Routes of tenants stand for the bindings that each tenant may use.',
  'GW-265': 'Routes that cannot work or that collide are refused with their places, all at once.',
  'GW-266':
    "At one URL for all, the caller's tenant decides about the binding, with the scopes and the log of that binding.",
  'GW-267': 'The URL of a tenant serves callers of that tenant, and others are refused and logged.',
  'GW-268': 'Sessions and preflights follow the binding of a URL.',

  // telemetry: TEL-…
  'TEL-01':
    'Each request is a span, and so is each hook call and each request to an upstream, by the conventions for MCP and without contents.',
  'TEL-02': 'What failed is an error, with its number or code and without the words of clients and upstreams.',
  'TEL-03': 'The context of a trace that a caller states is ignored unless it is valid, whatever its size.',
  'TEL-04': 'An upstream gets the context of the gateway, and neither that of the client nor its baggage.',
  'TEL-05':
    'A trace is continued from `_meta`, or else from headers, and goes on to the upstream in both; a batch has a span of its own.',
  'TEL-06': 'The log lines of a request and of a plugin that fails for it have the ids of its span.',
  'TEL-07': 'A caller decides whether its request is sampled only if it is trusted with that.',
  'TEL-08':
    'Without telemetry, nothing is read or changed of what a client states of a trace, and no package for it is loaded.',
  'TEL-09': 'Exported metrics have the names and the numbers of /metrics, beside the durations of the conventions.',
  'TEL-10': 'What is not exported is counted, and logged once a minute without anything of what was to be sent.',
  'TEL-11':
    'A collector that is down, slow, broken or refuses data delays no request, and what it does not take is counted.',
  'TEL-12': 'The queue of spans is bounded, and the spans of one request are kept or dropped together.',
  'TEL-13': 'A shutdown sends what is left, and waits for a collector no longer than its bound.',
  'TEL-14': 'The settings of telemetry are checked: secrets exist, and plain http to another machine is warned about.',
  'TEL-15': 'The bench measures what telemetry adds to a call.',
  'TEL-16':
    'The durations of operations name tools that exist, in a bounded number of series, whatever clients and upstreams send.',
  'TEL-17': 'The names and error numbers of one upstream are bounded for it alone, in the durations of operations.',
  // audit log: AUD-…
  'AUD-1':
    'Each line of the audit log and of receipts has a number and a hash over the line before, and the beginning and the end are signed.',
  'AUD-2': 'A restart continues the chain.',
  'AUD-3': 'The audit log is signed after so many lines and after so long.',
  'AUD-4':
    'The gateway rotates its files by size and age, removes old ones only where that is set, and the chain goes through all files.',
  'AUD-5': 'The chain continues when another program moves, copies or truncates a file.',
  'AUD-6':
    'What a killed process left of a line is recorded as that by the next start; lines that are missing are not covered up.',
  'AUD-7':
    'A full disk, a folder instead of the file, a second gateway, a jumping clock and large lines break no chain.',
  'AUD-8': 'The key that signs is readable only by its owner, and another one may take its place at a start.',
  'AUD-10': 'Verifying a ledger finds nothing in one as it was written, and reports how far it is signed.',
  'AUD-11': 'Verifying finds each removed, changed, inserted, duplicated, reordered and foreign line, and where it is.',
  'AUD-12': 'Verifying with the public key finds a ledger that was made again without the private one.',
  'AUD-13':
    'An end that was cut off is found by the number that the log must reach, and half a line at the end is reported as a crash.',
  'AUD-14': 'Verifying orders the files of a log, finds one that is missing, and reports where the chain begins.',
  'AUD-15': 'Verifying gets through any content, and lists a bounded number of problems.',
  'AUD-16': 'A verifier that was written from the description alone agrees with the command.',
  'AUD-20':
    'The audit log answers who called what, whether it was allowed, by which rule and policy, and which plugin changed it; it contains no contents.',
  'AUD-21': 'The command verifies a log, prints the public key of its signatures, and shows events.',
  'AUD-22':
    'A gateway that is killed, rotated and reopened under load leaves an intact log, and every answered call is in it unless it was killed.',
  'AUD-23': 'With `sink: stdout` the audit log goes to the standard output, chained and signed.',
  'AUD-24': 'A second gateway with the same audit file does not start; a lock does not outlive its process.',
  'AUD-25': 'Each authenticated caller is recorded once an hour, anonymous ones are not.',
  'AUD-26':
    'What a policy denies is recorded with its reason: a few of each caller in a period, and then their number.',
  'AUD-27': 'The configuration of audit and receipts is checked as a whole.',
  'AUD-29':
    'Each reload of the configuration is recorded with what asked for it and its changes in words, and each that was refused.',
  'AUD-34':
    'Each start is recorded with the version, the digest of the configuration and the plugins, and each orderly end.',
  'AUD-28': 'The bench measures what the audit log costs a call.',
  'AUD-32': 'A refusal of credentials is recorded with its scheme and its reason, as far as they are known.',
  'AUD-30':
    'The lock of a file is held by one process at a time, also if a symbolic link names the file, and ends with its process.',
  'AUD-33':
    'A start continues only what hashes and signatures prove, and records and reports what else it found at the end of the log.',
  'AUD-35':
    'The command follows a log through rotation, moves and truncation, shows each event once, and ends on SIGINT.',
  'AUD-36': 'The event of a list names the policies that hid entries, and how many.',
  'AUD-31': 'A queue of lines writes each item once and in order, however many wait.',
  // registry for development: REG-…
  'REG-01': 'The development registry listens on this machine only, and answers to no other name.',
  'REG-02':
    'Pushed content is pulled unchanged, in one piece or in chunks, and content that does not match its digest is refused.',
  'REG-03': 'A manifest is accepted if everything that it references exists.',
  'REG-04': 'Tags are listed in pages, and are deleted individually or with their manifest.',
  'REG-05': 'Referrers are listed by subject and filtered by artifact type.',
  'REG-06': 'Parts of blobs are served as they are asked for.',
  'REG-07': "Errors have the distribution spec's body.",
  'REG-08': 'No upload grows beyond the limit.',
  'REG-09': 'skopeo copies into it, out of it, and from its folder, and the digest stays.',
  'REG-70': 'With the profile of ghcr.io, ECR or Harbor it asks for logins, and answers, as that registry does.',
  'REG-71': 'Push, pull, copy, attached signatures, tags and login work with each of the profiles.',
  'REG-73':
    'The message of a registry that refuses or is full is reported, and no failed push leaves a tag on a partial artifact.',
  'REG-74':
    'oras-go, oras-py and regctl move plugins with digest and signatures, wkg pulls them; what each pushes is signed and loads.',
  'REG-75': 'A registry of others that has the referrers API takes and gives plugins with their signatures.',
  'REG-76': 'wasm-tools reads every component that a build makes.',
  'REG-77': 'The registry for development takes nothing from pages of other sites.',
  'REG-72': 'A login or a token that expires during an operation is renewed if possible; otherwise it is reported.',
  // author's tools: AUT-…
  'AUT-01':
    'A build makes a component that imports what its descriptor declares and no more, and carries the descriptor.',
  'AUT-02': 'console, clock and random numbers of JavaScript work when declared, and say what to declare when not.',
  'AUT-03': 'The example redacts addresses in all text, and leaves everything else untouched.',
  'AUT-04':
    'Commands end with the documented exit codes; keys are readable only by their owner, and never overwritten.',
  'AUT-05': 'Signing embeds a descriptor where there is none, says so, and refuses one that differs.',
  'AUT-06': 'What is pushed is signed, and what a gateway pulls it accepts.',
  'AUT-20':
    'A case states what goes into a hook and what every capability answers, and runs in the sandbox, apart from others.',
  'AUT-21': 'A failing case reports each difference with its path: outcome, value, violation, log, store, host calls.',
  'AUT-22': 'A file of cases that cannot be read is refused, with the place in it.',
  'AUT-23':
    'plugin test reports the time and memory of each case, hooks without a case, and differences from another version.',
  'AUT-24': 'plugin test watches its folder, and ends when it is interrupted.',
  'AUT-25': 'Every example is built, does what its cases say for each of its hooks, and does it behind a gateway.',
  'AUT-26': 'A new plugin has all that it takes to build, test and publish it, and cases for each of its hooks.',
  'AUT-27': 'plugin new refuses invalid plugin names and existing folders, and prompts only at a terminal.',
  'AUT-28': 'The workflow of a new plugin builds, tests, signs and pushes it.',
  'AUT-29': 'A build reports language, digest and size, whether it is reproducible, and unused declarations.',
  'AUT-30':
    'plugin dev builds, tests and serves a plugin on this machine, in front of an upstream that has something for each hook.',
  'AUT-31':
    'plugin dev prints of each hook call what went in, what came out, where they differ, and what the plugin logged.',
  'AUT-32': 'If a build or a case fails, plugin dev reports why, and keeps serving the last good build.',
  'AUT-33':
    'Plugins are replaced without dropping a request: one that began before ends with the plugins that it began with.',
  'AUT-34':
    'plugin dev verifies as serve does: its build with a key of the session only, everything else as configured.',
  'AUT-35': 'plugin dev ends with Ctrl-C, lets requests end, and leaves nothing behind.',
  'AUT-40':
    'A plugin in Rust is a crate that plain cargo builds: for wasm32-wasip2 where rustup has it, else for wasm32-unknown-unknown.',
  'AUT-41': 'The same Rust source gives the same component in whatever folder, and no path of the machine is in it.',
  'AUT-42': "The crate's helpers visit and replace each text, and leave every other byte of JSON unchanged.",
  'AUT-43': 'The template of Rust has all that it is built from, and passes its cases.',
  'AUT-50':
    'A plugin in TypeScript is built from its files and npm packages, with the types of the contract and nothing to install.',
  'AUT-51': 'An error of types, of syntax or of a name that cannot be found stops the build, with file and line.',
  'AUT-52': 'console, clock, random numbers and text encodings of JavaScript do what their standards say.',
  'AUT-53':
    'The helpers replace text anywhere, leave every other byte unchanged, and read the configuration into types.',
  'AUT-54':
    'A plugin in JavaScript or TypeScript may select StarlingMonkey in its package.json, which adds fetch; the error says what to install.',
  'AUT-55':
    'In each language: plugin new, build, test, sign, push; a gateway pulls it by its tag, and clients see what it does.',
  'AUT-56':
    'A build says whether the same source gives the same digest, in whatever folder; where it says so, it is so.',
  'AUT-57': 'The host settings of a case override those of its file, member by member.',
  'AUT-60':
    'A plugin in Go is a module that Go alone builds: it imports what it uses, and has the same bytes in any folder.',
  'AUT-61':
    'What Go prints is in the log, line by line; a panic is a failure with its message and line, and its stack is one entry of the log.',
  'AUT-62':
    'Time and random numbers of Go are real when clock and random are declared; else the call ends, or the build, with what to declare.',
  'AUT-63': 'Every function and every value of the contract passes between Go and the gateway unchanged.',
  'AUT-64': 'The helpers in Go visit and replace each text, and leave every other byte of JSON unchanged.',
  'AUT-65':
    'A failing build of Go is reported: Go is missing, its message with file and line, or an undeclared capability.',
  'AUT-67': 'The template of Go builds unchanged and passes its cases.',
  'AUT-70': 'A component of Python imports what its descriptor declares and nothing more, and carries the descriptor.',
  'AUT-71': 'What a plugin in Python prints is in its log, line by line.',
  'AUT-72':
    'An uncaught exception in a Python plugin is a failure with message and place, with the traceback in the log; a declared error is an error.',
  'AUT-73': 'time and datetime of Python work when clock is declared, and say what to declare when not.',
  'AUT-74': 'Random numbers of Python work when random is declared, and say what to declare when not.',
  'AUT-75': 'What a plugin in Python does not have of the system raises an exception, and ends nothing.',
  'AUT-76':
    'The helpers in Python replace each text, leave every other byte of JSON, and read a config into dataclasses.',
  'AUT-77': 'A failing build of Python reports why, with file and line, or what to install.',
  'AUT-78':
    'Packages that a plugin in Python requires are installed when they are Python alone, told with their versions, and never in an older major version that nobody named.',
  'AUT-79': 'The template of Python builds unchanged and passes its cases.',
  'AUT-80':
    'What a hook in JavaScript throws or returns by mistake is a failure in words with file and line, and never a bare trap.',
  'AUT-81':
    'A function of the host that JavaScript gives a value of another type throws an error that names function, argument and type; what the host refuses with is the message of the error.',
  'AUT-82':
    'URL, URLSearchParams and structuredClone are in a component that refers to them and in no other; a build names every other global that is missing, by file; locales are refused and not ignored.',
  'AUT-83':
    'plugin build checks the types of JavaScript, unless tsconfig.json says otherwise, and knows no Intl and no locales.',
  'AUT-84':
    'The top level of JavaScript may draw numbers, which are the same in each build; what else asks the host there is refused with its line, but for packages that ask for the time.',
  'AUT-85':
    'A component without the exports of its kind is not built, in whatever language; of a Rust crate the library is meant.',
  'AUT-86':
    'plugin test puts what passed in its place, and plugin sign and push refuse a component whose sources have changed since, unless forced.',
  'AUT-90': 'Helpers of JavaScript keep text and JSON in the store, and send and read JSON over HTTP.',
  'AUT-89': 'A build of Go says where time zones are asked for and are not there.',
  'AUT-88':
    'plugin test shows what was logged on lines of its own and details as JSON, and says where only a whole text counts.',
  'AUT-87': 'plugin push refuses a tag that is another version than that of the descriptor, unless forced.',
  'AUT-120':
    'The SDKs for JavaScript and Rust have what a policy needs, and decide about lists as about calls by default.',
  'AUT-121': 'Cases run the decisions of policies, about requests and about entries of lists.',
  'AUT-122':
    'plugin new creates policies and identity plugins in each language that build, pass their cases and work in a gateway.',
  'AUT-130': 'The SDKs for JavaScript and Rust have what an identity plugin needs, and do nothing by default.',
  'AUT-131': 'Cases ask identity plugins about credentials, and call their hooks around authentication.',
  'AUT-132':
    'Identity plugins in Go and Python identify callers and check requests around authentication; a failure refuses the request.',
  'AUT-140': "The engine of cedar-policy answers Cedar's public test suite as expected, compiled to a component.",
  'AUT-141':
    "The engine of rego-policy answers those cases of OPA's public test suite as expected whose functions it has, compiled to a component.",
  'AUT-170': 'The SDKs have what a federation plugin needs, and do nothing by default.',
  'AUT-171': 'Cases call the hooks of federation plugins.',
  'AUT-172': 'The example server-allowlist refuses upstreams at other hosts, and removes tools with hidden text.',
  // the command for authors: CLI-…
  'CLI-01':
    'Every subcommand has a --help with an example; an unknown word or option is reported with the nearest one.',
  'CLI-02': 'Results go to stdout, messages to stderr; with --json both are JSON on stdout; exit codes are stable.',
  'CLI-03': 'Completions for bash, zsh and fish are made from the table, and know every subcommand and option.',
  'CLI-04': 'Bars and colours are for terminals: piped, or with NO_COLOR, there are none.',
  'CLI-05': 'A private key is written encrypted when a passphrase is given, and its halves fit.',
  'CLI-06':
    'An encrypted key is read with a passphrase from a file or a person; any other key is refused by what it is.',
  'CLI-07': 'sign, pack and push work as documented, and a gateway accepts what they published.',
  'CLI-08': 'pack and push refuse a plugin.json that differs from the signed one, and name the members.',
  'CLI-09': 'The same files give the same zip; a zip that is anything but three plain files is refused.',
  'CLI-10': 'unpack and pull write all files or none, and overwrite nothing.',
  'CLI-11': 'verify judges files, zips, layouts and references as a gateway would, by a key or a trust store.',
  'CLI-12': 'pull writes files that verify; with a key or a trust store it verifies first.',
  'CLI-13':
    'A copy between registries and layouts keeps every digest, and brings signatures and other referrers along.',
  'CLI-14': 'The host accepts a plugin by a signature that was attached later, also from its cache.',
  'CLI-15': 'Without a referrers API, referrers are listed under the fallback tag, which keeps what others put there.',
  'CLI-16': 'An attached signature that is not well-formed, or does not hold, takes nothing away and adds nothing.',
  'CLI-17': 'A login is kept where docker keeps it, by its helper or in its file, and everything else there stays.',
  'CLI-18': 'login asks the registry first; a rejected password is not stored, and none is read from arguments.',
  'CLI-19': 'inspect prints imports, exports, descriptor, sizes, producers, digests and signatures with their verdict.',
  'CLI-20': 'What a plugin says of itself is printed without control characters.',
  'CLI-21': 'openssl reads the keys and checks the signatures, and its encrypted keys are read.',
  'CLI-22':
    "Debian's docker-registry and skopeo take and give artifacts with the digests and signatures that they had.",
  'CLI-23': 'What is interrupted, or finds no room, leaves no half of a file, and no tag.',
  'CLI-30':
    'A signature in the format of cosign is over the manifest, is accepted by cosign verify, and changes nothing for a gateway.',
  'CLI-32': 'A login that another tool wrote to config.json, or that a credential helper keeps, is used.',
  'CLI-31': 'The tags of a repository or a layout are listed, whatever pages they come in, and nothing else with them.',
  'CLI-40': 'API keys are created, listed without their secrets, and revoked, each with a clear error for wrong use.',

  'CLI-41':
    "import mcp-json writes a configuration from a client's file, with no value in it that may be secret, and reports what to set and what was left out.",
  'CLI-42': 'A file that cannot be imported is refused with all of its problems at once, and nothing is written.',
  'CLI-43':
    'import server-json writes a configuration from an entry of the MCP registry: a server over HTTP, or the package that was asked for.',
  'CLI-60':
    'Each check of the doctor finds what it looks for, and nothing in a sound configuration; the documented list is complete.',
  'CLI-61':
    'A diagnosis has all problems of a configuration once, the worst first, says what could not be checked, and has no secret.',
  'CLI-62':
    'The doctor asks upstreams, authorization servers, registries and the collector, with time and reason, and nothing offline.',
  'CLI-63':
    'The doctor prints what is wrong, why it matters and what to do, as text or as the documented JSON, and exits with 3 for an error.',
  'CLI-80':
    'sallyport admin registers, updates and unregisters from a file or stdin, tries out changes, and prints what changed and the version.',
  'CLI-70': 'sallyport admin shows and changes a running gateway, and takes its token from a variable or a file.',
  // hostile plugins under load: HOST-…
  'HOST-01': 'While a plugin attacks, honest clients lose no request and their p99 stays within three times.',
  'SBX-40':
    'Whatever way out a plugin tries is refused, counted and audited, and honest clients lose no request to it.',
  'SBX-41':
    'A name that turns from an address that may be reached to one that may not leads nowhere, under load as well.',
  'SBX-42': 'Requests beyond the quotas of a grant wait or are refused, and honest clients lose no request to them.',
  'SBX-43':
    'Whatever a plugin reads of its surroundings is empty or refused: environment, files, arguments, host globals.',
  'SBX-44': 'Without clock a plugin sees no time, and a component that imports what was not declared is not loaded.',
  'SBX-98':
    'A core module with fuel charges each call by its instructions and by the bytes and entries it works on, and does the same as without.',
  'SBX-99': 'A core module whose fuel is used up is stopped, at the same instruction each time.',
  'SBX-100': 'No guest can read or set its fuel.',
  'SBX-101': 'A core module with an instruction or type that cannot be charged is refused.',
  'SBX-102': 'The core tests of the WebAssembly specification have the same results with fuel as without.',
  'SBX-103':
    'A plugin with fuel is stopped at the same point of the same call, in each isolation, and the reason is its limit.',
  'SBX-104': 'Each example gives the same answers with fuel as without, in every language.',
  'SBX-105':
    'limits.fuel of a plugin, or of all plugins, ends a call or start that uses more with cause limit; the next call is served.',
  'SBX-106': 'A component that was compiled without fuel does not run with a limit of fuel, from the cache either.',
  'SBX-107': 'A plugin with fuel reports how much each call used, failed ones included.',
  'SBX-110': 'A lane that waits for its next message uses no CPU, and is measured and ended like any other.',
  'SBX-111': 'Log lines below the level of the log stay in the lane, and count in its limits.',
  'SBX-120':
    "Code that replaces an inline plugin's glue reaches no object outside of its realm, and makes no code of text.",
  'SBX-121': 'What such code catches is of its own realm, also where little of the stack is left.',
  'SBX-122':
    'Such code cannot run after its call: it has no promises, timers or finalizers, and is refused with code that waits.',
  'SBX-123': 'Whatever such code returns or changes in its realm, the call fails by itself and the gateway goes on.',
  'SBX-124': 'An inline plugin has the outcomes, reports, records and limits that it has in a lane.',
  'SBX-125': 'An inline plugin pays with fuel for host functions and for what crosses.',
  'SBX-126': 'An inline plugin runs without a hop.',
  'SBX-127':
    'A plugin runs inline only if the operator allows it for the key that signed it; the fault contains the line to add.',
  'SBX-128': 'A plugin whose calls wait is refused to run inline, with the name of the capability.',
  'SBX-129':
    'An inline plugin uses kv_store in memory, with the same answers as in a lane, and is refused where values are on disk.',
  'SBX-130':
    'No attack of an inline plugin holds up the event loop for longer than its fuel lasts, and honest clients lose no request.',
  'CAP-85':
    'No plugin, log line or client gets hold of a secret that is used by reference, whatever the plugin does with it.',
  'CAP-86': 'However keys and tenants are named, no caller finds the values of another.',
  'CAP-87': 'Who fills its quota of the store is refused and audited, and others go on.',
  'CAP-88': 'State of a request and memory of an instance stay with whom they belong to.',
  'CAP-89': 'Endless series, labels and events of a plugin are limited.',

  // what strangers wrote: FUZZ-…
  'FUZZ-01':
    'Mutated components, signatures, manifests, references, configs and messages neither crash nor hang anything, and each refusal has a code.',
  'FUZZ-02': 'Whatever fuzzing found stays mended.',
  'FUZZ-03':
    'The fuzzer notices a crash, a hang, memory, an error without a code and a changed prototype, and makes the same inputs of the same seed.',

  // metrics: MET-…
  'MET-01':
    'Hook calls are counted by plugin, hook and status, and timed; failures are counted by cause, from zero on.',
  'MET-02':
    'The codes of violations are counted for each plugin, of which each has a bounded number and none holds a secret.',
  'MET-03': 'Requests to upstreams are counted by method and outcome, and timed.',
  'MET-04': 'State is read when the metrics are written; the process is described by the usual names.',
  'MET-05': 'The metrics show sessions, running requests, limits, plugins, lanes and upstreams as they are.',
  'MET-06': 'The documented table of metrics has those that the code declares.',
  'MET-07': 'The alerts are valid, and each fires when it should and not when it should not.',
  'MET-08': 'A real Prometheus scrapes what was called; alerts and the panels of the dashboard have data.',
  'MET-09':
    'The series of plugins, upstreams, instances, bindings and tenants that a reload removed end with their last request.',
  'MET-10':
    'A scrape of megabytes is written in pieces between other work, and scrapers that do not read are bounded and disconnected.',

  // a program that embeds the gateway: EMB-…
  'EMB-01':
    'A program creates a gateway from an object or a file, and gets every problem of it at once, with its path.',
  'EMB-02':
    'A program registers upstreams at run time; one that is invalid or cannot be reached changes nothing, and every problem is reported.',
  'EMB-03': 'fetch serves calls, streams and cancellations like a listener.',
  'EMB-04': 'A request over fetch passes the checks and limits of a listener, and an unknown address is not trusted.',
  'EMB-05': 'A server of the program can serve the gateway, and close drains it.',
  'EMB-06': 'Each program of the document about embedding runs as it stands.',
  'EMB-07':
    'The packed host runs in an empty project, with types, plain Node, plugins in threads and processes, and the store thread.',
  'EMB-08': 'An OpenAPI document that a program has as an object becomes an upstream.',
  'EMB-20': 'beforeRequest sees each request before anything is decided about it, as a copy that cannot be changed.',
  'EMB-21': 'What beforeRequest returns is authorized, and passes plugins and policies like the request of a client.',
  'EMB-22':
    'A handler that throws, takes too long or returns nonsense refuses the request with a code, and only the log has the reason.',
  'EMB-23': 'Handlers run in the order of their registration until they are removed; without any, nothing is done.',
  'EMB-24': 'afterResponse gets each request once, with what the client will get.',
  'EMB-25': 'afterResponse can withhold an answer and cannot change it.',
  'EMB-26': "Tool calls of plugins pass the handlers, within the grant and the rules of the plugin's call.",
  'EMB-27': 'The body of a request over fetch is received whole and as one request, whatever its headers say.',
  'EMB-28': 'Where a program has schemes of its own, callers need credentials unless the configuration says otherwise.',
  'EMB-29':
    'Where a program has schemes of its own, a binding without `allow` refuses everybody, unless the configuration says `identity: none`.',

  // changes at run time: CHG-…
  'CHG-01':
    'What is registered is kept in a file of its owner that is replaced durably and as a whole, and two processes with one file never undo a change of the other.',
  'CHG-02':
    'A file of what is registered that is corrupt, newer or open to others stops the start with file and remedy, and stays as it is.',
  'CHG-03':
    'The file and what is registered are checked as one configuration with all problems at once, each with the entry that has it; an id of the file cannot be registered.',
  'CHG-04':
    'Registered upstreams name no command, file, variable, private address or secret unless the file allows it, and no credentials of users.',
  'CHG-05':
    'A registered upstream is reached at public addresses and in networks that the file names: its name is resolved and checked at each connection, and no proxy does it instead.',
  // the management API: ADM-…
  'ADM-101':
    'The management API is off unless configured, knows its callers by API key, token or client certificate, and answers no page in a browser.',
  'ADM-102':
    'A key of callers has no power over the gateway without the scope for it, and who may read may not change.',
  'ADM-103': 'A request to the management API with credentials in its URL is refused, and they are not logged.',
  'ADM-104':
    'Guessing credentials of the management API is slowed, bounded and recorded, and locks nobody out whose credentials were accepted before.',
  'ADM-105':
    'What the management API does not know is refused with a stable code, and all problems of an input at once.',
  'ADM-106':
    'A binding or a route beneath a path of the gateway itself is refused, that of the management API included where it is on the same address.',
  'ADM-110':
    'Every operation of the management API answers as its OpenAPI description says, which is made from the same table.',
  'ADM-111':
    'An operator reads where a plugin is from, what it asked for, may do and did, without what was in its calls, and resets its counts and its breaker.',
  'ADM-112': 'An operator reads who calls, in pages, and ends sessions, without getting what would open one.',
  'ADM-114':
    'The mode of a plugin is changed at run time, for requests that begin later, durably, and tried out before.',
  'ADM-113': 'An operator reads the configuration in use without its secrets, and the state of upstreams and bindings.',
  'ADM-117':
    'A mode that is weaker than that of the file is not set at run time unless the file allows it; a stronger one is.',
  'ADM-115':
    'A change over the management API is answered, although its caller is not known to the schemes of the bindings.',
  'ADM-116': 'Of a body that the management API refuses, the audit log gets the names of its fields, a bounded number.',

  'CHG-06':
    'An entry is registered, replaced as a whole or unregistered; what the file defines, what bindings use and what is not an entry is refused with a reason.',
  'CHG-07': 'A change that names a version by If-Match is made to that version alone.',
  'CHG-08':
    'What the management API shows and audits of an entry has no secret, and what stands for one is not taken back.',
  'CHG-09':
    'A change at run time is saved when everything that it needs is open and before it is used, survives a restart, and is made or not made as a whole; changes are made one after another.',
  'CHG-10':
    'What is registered is served at once and after a restart, by URL, instances or document of an API; clients with sessions learn of it, and an upstream that is required and cannot be reached is refused.',
  'CHG-11': 'A registered binding has the plugins that the file requires of it, or is refused.',
  'CHG-12':
    'A change that was not made and that its file still has is reported together with the reason why it was not made, and is used and reported by the next start, reload or change.',
  'CHG-13':
    'A mode that was set at run time and is not that of the file is reported at the start and by check, and has no effect if the file does not allow it.',
  // start, docs, command line: RUN-…
  'RUN-01': 'A plugin that cannot be used is refused by check and serve, by name, all at once, with what to do.',
  'RUN-02': 'One flipped bit in component or signature, and the gateway does not start.',
  'RUN-03': 'check says what was verified and granted.',
  'RUN-04': 'Wrong use ends with exit code 2, a refused config with 3 and the lines of all problems.',
  'RUN-05': 'A required upstream that is down at start ends the start with exit code 5.',
  'RUN-06': 'serve drains on SIGTERM and ends with exit code 0.',
  'RUN-08': 'With the registry down, a gateway whose plugins are cached starts, after everything was verified again.',
  'RUN-09': 'Generated files are up to date, and style, types and unused code are checked in CI.',
  'RUN-07': 'Every start warns when plugins need not be signed.',
  'RUN-20': 'Each folder of the host imports only what its row of the table allows.',
  'RUN-22': 'The bench measures every way to the same upstream, and a wrong answer ends it.',
  'RUN-21': 'The check of imports fails when it read nothing, of the tree or of one folder.',
  'RUN-40': 'lock pins all plugins in one file of stable text, or writes nothing.',
  'RUN-41':
    'A start refuses plugins that do not match their pins, line by line; lock accepts updates without more access, and others with consent.',
  'RUN-42': 'A version below the highest that was accepted is refused unless downgrades are allowed.',
  'RUN-43': '--frozen refuses a start whose lockfile does not name exactly the configured plugins.',
  'RUN-44': 'A lockfile that is malformed or was changed by hand is refused with place and reason.',
  'RUN-45': 'A start fetches what is pinned, whatever the tag names now.',
  'RUN-46':
    'A plugin that learns is granted nothing, and grants prints the smallest grant that would have let it through.',
  'RUN-47': 'What is recorded of a plugin that learns is bounded, without secrets, and belongs to one component.',
  'RUN-30':
    'A run of the tests ends with one plain line that counts what passed, failed and was skipped. In CI, a few failures run again, alone, and are named also if they pass then.',
  'RUN-31': 'Each error code is thrown somewhere, seen by someone, and documented with what to do.',
  'RUN-109': 'Messages, documents and comments contain no phrase from a list of phrases that read as translated.',
  'RUN-33': 'A document has no block that the tests do not understand.',
  'RUN-34': 'Every link of a document leads to a file and a heading that are there.',
  'RUN-35': 'Every configuration and descriptor of a document is valid, and every excerpt is what the file says.',
  'RUN-36': 'Every command of a document works for a newcomer, in order, and prints what the document says.',
  'RUN-37': 'Each promise of the security model names requirements, and files whose tests cite them.',
  'RUN-38': 'Each dependency is documented with its reason, and the operator guide names each setting and its default.',
  'RUN-70': "Node's compile cache is kept only where no other user can write.",
  'RUN-71': 'Lanes start in threads that were there before their plugins; a start that fails leaves none.',
  'RUN-72': 'The bytes of modules are kept only for lanes in processes.',
  'RUN-73': 'Calls with traps among them leave no thread, file, handle or instance behind.',
  'RUN-74': 'The soak distinguishes growth from fluctuation.',
  'RUN-75': 'The bench shows what plugins cost that are loaded and do not see a request.',
  'RUN-76': 'The soak prints what the gateway held, and what of it grows.',
  'RUN-77':
    'A signal while the gateway starts ends it at once with the exit code of that signal, and leaves no process behind.',
  'RUN-78':
    'An upstream that is not required holds up neither the start nor clients, and is there for them once it was reached.',
  'RUN-79': 'The command of the repository runs from any folder, and says how to install what it needs.',
  'RUN-80':
    "A config that does not match its plugin's schema is reported with all problems, their places in the file, and suggestions.",
  'RUN-100': 'Text of plugins, upstreams and registries reaches no terminal unescaped, as text or as JSON.',
  'RUN-101': 'A user without a home folder and without a name can run every command.',
  'RUN-102':
    'No signal opens a debugger or ends the gateway unasked; SIGHUP reopens its files; a second SIGTERM or SIGINT ends it at once.',
  'RUN-103': 'Of the files that an operator names only regular ones are read: a pipe or a device holds up nothing.',
  'RUN-104': 'Refusals of the operating system are reported with file, reason and remedy, and never as `internal`.',
  'RUN-105': 'A log that cannot be written ends no gateway, and the lines that are lost are counted.',
  'RUN-106': 'What may fail as often as others like is logged a few times in a period, and then counted.',
  'RUN-107': 'A component that tests keep is built again when the contract, a tool or the code of its build changes.',
  'RUN-108': 'Plugins that replace running ones are loaded as the lockfile pins them, as at the start.',
  'RUN-110': 'The packages beside the host use what its package exports, which is a list of groups by purpose.',
  'RUN-111':
    'The bench counts and lists the files that one call and one plugin load cross, and a bound holds the count.',
  'RUN-112': 'Each set-up of the chapter about identity starts, and answers and logs requests as the chapter has them.',
  'RUN-113': 'A component that tests keep is built by one process at a time, and others wait for it.',
  'RUN-130':
    'serve limits the memory of a busy gateway, in the process that was started, unless the operator sets a size.',
  'RUN-131':
    "The members that a tenant states replace those of a plugin's configuration; the result is checked like that of all callers, and all problems are reported at once.",
  'RUN-114': 'The bench counts the tokens that a model reads of the tools of each binding of a configuration.',
  'RUN-115':
    'The bench measures what calls meet while one of three servers behind an upstream is killed and started again.',
  'RUN-140':
    'serve reloads when a file of its configuration changes: written, replaced, linked elsewhere, removed, in a ConfigMap.',
  'RUN-141': 'A file is not taken while it is written, and a problem of a file is reported once.',
  'RUN-142':
    'A reload returns and logs what changed; one that fails reports every problem with its place, and the running configuration stays.',
  'RUN-143':
    'Reloads run one after another; those that wait are one, none is lost, and the end of the gateway ends them.',
  'RUN-144': 'A dry run of a reload returns what would change, and changes nothing.',
  'RUN-145': 'A hundred reloads under load lose no call and leave no thread, file or socket behind.',
  'RUN-146':
    'serve reloads on SIGHUP, with --no-watch only then; without a configuration file SIGHUP only reopens files.',
  'RUN-147':
    'A reload serves new keys, bindings, upstreams, plugins, modes and limits, and a dry run announces the same changes.',
  'RUN-148': 'A reload that would change the address to listen on is refused with the reason, also as a dry run.',
  'RUN-149': 'A reload honours the lockfile, does not write to it, and needs no registry for what is cached.',
  'RUN-150':
    'The sessions of clients outlast a reload: they are notified, and see upstreams that were added or removed.',
  'RUN-151':
    'A reload keeps the connections, caches and counters of what did not change, and opens what did beside what runs.',
  'RUN-152': 'A binding that a reload removed is unknown from then on, and its sessions and streams end.',
  'RUN-153':
    'Requests after a reload obey its rules, schemes and limits; sessions, streams and calls of callers whom it locks out end.',
  'RUN-154': 'A request that is running finishes with the plugins, rules and upstreams that it began with.',
  'RUN-155':
    'A reload that fails reports every problem at once and changes nothing; what cannot change while the gateway runs is refused with the reason.',
  'RUN-156':
    'Reloads of a program run one after another, each against what the earlier one left, and end with the gateway.',
  'RUN-157': 'A reload that was asked for resolves tags again; one that a file caused does not.',
  'RUN-170':
    'check refuses with the same code whatever serve refuses before anything runs: settings, secrets, keys, tokens, certificates, files that it writes.',
  'RUN-171':
    'A request that lasts keeps the upstreams of its own configuration open, and none of those that were replaced after it began.',
  'RUN-172':
    'An upstream that a reload removed or replaced notifies no session any more, also while a request still uses it.',
  'RUN-50': 'start shows both results, and what was verified and granted, and ends with exit code 0 when told --once.',
  'RUN-51': 'start keeps serving until it is stopped, and the commands that it prints work.',
} as const satisfies Record<string, string>;
