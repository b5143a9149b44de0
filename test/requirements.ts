/**
 * What Sallyport promises, as data. A test cites an entry by writing its id in square brackets in the test's name;
 * requirements.test.ts fails on an entry that no test cites and on a citation of no entry.
 */
export const requirements = {
  // source: SRC-…
  // verify: VER-…
  'VER-01': 'A signature is the raw 64 bytes of Ed25519 over the exact bytes; a key id is the sha256 of the SPKI DER.',
  'VER-02':
    'Keys and signatures of small or mixed order, or not canonically encoded, are refused; so is any other key.',
  'VER-03':
    'A component carries one descriptor of at most 256 KiB; a wrong one is refused with the field that is wrong.',
  'VER-04': 'A key pinned in the source is the only one that counts for it.',
  'VER-05': 'A trusted key signs within its scopes and dates, while it is active; each refusal has a code of its own.',
  'VER-06': 'A revoked digest or key is refused, whoever signed and whatever is pinned.',
  'VER-07': 'The signed descriptor has the configured id, agrees with every other that is stated, and is not expired.',
  'VER-08':
    'Unsigned plugins are accepted only when the operator says so, with a warning each time; a wrong signature never.',
  'VER-09': 'What is not a component is refused before anything in it is believed.',
  'VER-10': 'openssl verifies what the tool signed, and the host accepts what openssl signed.',
  // config: CFG-…
  'CFG-01': 'sallyport.yaml has one schema with safe defaults, and refuses what it does not know.',
  'CFG-02':
    'Every problem of the file is told at once, each with file, line, column, path and message, most with a hint.',
  'CFG-03': 'Variables stand in strings only; a missing one is told with its place; no message tells the value of one.',
  'CFG-04': 'Relative paths are those of the folder of the file, and key files are read with it.',
  'CFG-05': 'Aliases cannot make a small file grow without end.',
  'CFG-06': 'What is not wrong and yet rarely meant is a warning.',
  'CFG-07': 'The JSON Schema for editors accepts and refuses as the gateway does, up to what spans several entries.',
  // capability: CAP-…
  'CAP-01': 'A plugin whose imports, declaration and grants agree is accepted.',
  'CAP-02': 'Any mismatch of the three lists is refused, all at once, each with what to add or remove.',
  'CAP-03': 'The line that a refusal says to add is one that the config accepts.',
  'CAP-04': 'A grant that is malformed or wider than its capability allows is refused.',
  'CAP-05': 'outbound_http reaches exactly the origins, methods and sizes that were granted.',
  'CAP-06': 'A name that resolves to an address that is not public is not connected to.',
  'CAP-07': 'clock and random give real values where granted; log and context work for every plugin.',
  'CAP-08': 'The inert WASI set gives no power: empty environment, no folders, output into the log.',
  // sandbox: SBX-…
  'SBX-01': 'A core module with a name that could break out of generated glue is refused before jco sees it.',
  'SBX-02': 'What is not a well-formed component is refused with a code of its own.',
  'SBX-03': 'No memory of a plugin grows above its limit.',
  'SBX-04': 'Glue that is not the one we know how to restrain is refused.',
  'SBX-05': 'Translating happens in a child process, and fails or times out with a clear refusal.',
  'SBX-06': 'What jco made is cached by component, and made anew when the cache was damaged.',
  'SBX-07': 'A chain of consecutive plugins threads the value through them, in order, and stops where told to.',
  'SBX-08': 'A looping plugin is stopped at its deadline, and every other call is served.',
  'SBX-09': 'After a trap, a stack overflow or a memory bomb the next call is served by a fresh instance.',
  'SBX-10': 'A plugin that does not start is refused by name, all of them at once.',
  'SBX-11': 'Log lines beyond the limit are dropped and counted; request state beyond it ends the call.',
  'SBX-12': 'A plugin that waits for a host function parks its instance and not its thread.',
  'SBX-13': 'The glue has no way to the powers of Node.',
  'SBX-14': 'Request state passes from the before hook to the after hook, and to no other plugin unless shared.',
  // hook: HOOK-…
  'HOOK-01': 'Plugins run by priority, then in the order of the file, the same before and after dispatch.',
  'HOOK-02': 'Consecutive plugins run in one hop.',
  'HOOK-03': 'State is carried from hop to hop and from before to after, and each call is reported.',
  'HOOK-04': 'A block ends the chain and carries the violation, structured.',
  'HOOK-05': 'An answer in place of the upstream passes the after hooks of all plugins.',
  'HOOK-06': 'A failure with on_error deny blocks, with plugin and cause.',
  'HOOK-07': 'A failure with on_error ignore skips that change and goes on.',
  'HOOK-08': 'A failure with on_error disable takes the plugin out of the chain and is logged as an error.',
  'HOOK-09': 'What a plugin returned and is not valid is a failure of that plugin, invalid_output.',
  'HOOK-10': 'What cannot be shown to a plugin is blocked and never passed by it.',
  'HOOK-11': 'Bytes are shown only to plugins that ask for them.',
  'HOOK-12': "A changed structuredContent is validated against the tool's output schema again.",
  'HOOK-13': 'What a plugin did not see survives its changes: unknown members, annotations, _meta, hidden blocks.',
  'HOOK-14': 'A plugin cannot bring back what it was not shown, nor use a hidden block twice.',
  'HOOK-15': 'A plugin cannot make up entries of a list.',
  'HOOK-16':
    'Hostile values neither crash the process nor reach a prototype: deep nesting, lone surrogates, __proto__.',
  'HOOK-17': 'A hostile output schema costs no more than its deadline, once.',
  // upstream: UP-…
  'UP-01': 'Revision, capabilities and instructions are negotiated with the server before its first request.',
  'UP-02': 'Progress reaches the call that asked for it, and only that one.',
  'UP-03': 'A result passes through untouched: unknown members, blobs, annotations, _meta, digits, order.',
  'UP-04': 'When the caller cancels, the server is told.',
  'UP-05': 'A server that dies, is silent or sends garbage fails that call alone; the next one is served.',
  'UP-06': 'An answer above the size limit is not read to its end.',
  'UP-07': 'A server that is down at start can be used as soon as it is up.',
  'UP-08': 'An expired session is renewed once, and the requests that met it are sent again.',
  'UP-09': 'A broken-off event stream is taken up again where it ended.',
  'UP-10': 'An HTTP server gets the headers that the operator configured, and none of a client.',
  'UP-11': 'Redirects are not followed, and refused credentials are told as such.',
  'UP-12': 'A child gets PATH, HOME and what the operator wrote, and nothing else of the environment.',
  'UP-13': 'A child ends together with all processes that it started.',
  'UP-14': 'A server that keeps failing is started again later and later, not in a circle.',
  // gateway: GW-…
  // registry for development: REG-…
  // start, docs, command line: RUN-…
  'RUN-20': 'Each folder of the host imports only what its row of the table allows.',
  'RUN-22': 'The bench measures every way to the same upstream, and a wrong answer ends it.',
  'RUN-21': 'The check of imports fails when it read nothing, of the tree or of one folder.',
} as const satisfies Record<string, string>;
