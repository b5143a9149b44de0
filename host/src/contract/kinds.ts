/** The effect of an outcome on a chain of calls: none, a changed value, a response in its place, or the end. */
export type Effect = 'proceed' | 'modified' | 'respond' | 'block';

/** An exported function of plugins that a chain calls with the context of the call and a value. */
export interface EntryPoint {
  readonly interface: string;
  /** The name in WIT. */
  readonly function: string;
  /** The effect of each outcome, by its tag in WIT. Empty if it has none: it returns nothing, or a decision for each request. */
  readonly effects: Readonly<Record<string, Effect>>;
}

const interfaceOf = <N extends string>(name: N) => `sallyport:plugin/${name}@0.1.0` as const;

/** The entry points that lanes run. A lane knows only these, not the kinds of plugins. */
export const entryPoints = {
  before: {
    interface: interfaceOf('dispatch-hooks'),
    function: 'before-dispatch',
    effects: { proceed: 'proceed', modified: 'modified', respond: 'respond', block: 'block' },
  },
  after: {
    interface: interfaceOf('dispatch-hooks'),
    function: 'after-dispatch',
    effects: { proceed: 'proceed', modified: 'modified', block: 'block' },
  },
  decide: {
    interface: interfaceOf('policy-check'),
    function: 'decide',
    effects: { allow: 'proceed', deny: 'block' },
  },
  decideMany: {
    interface: interfaceOf('policy-check'),
    function: 'decide-many',
    effects: {},
  },
  identify: {
    interface: interfaceOf('identity-check'),
    function: 'identify',
    effects: { unknown: 'proceed', known: 'respond', refuse: 'block' },
  },
  preCheck: {
    interface: interfaceOf('identity-check'),
    function: 'pre-check',
    effects: { proceed: 'proceed', block: 'block' },
  },
  postCheck: {
    interface: interfaceOf('identity-check'),
    function: 'post-check',
    effects: { proceed: 'proceed', narrow: 'respond', block: 'block' },
  },
  preRegister: {
    interface: interfaceOf('federation-check'),
    function: 'pre-register',
    effects: { proceed: 'proceed', block: 'block' },
  },
  postRegister: {
    interface: interfaceOf('federation-check'),
    function: 'post-register',
    effects: {},
  },
  preSync: {
    interface: interfaceOf('federation-check'),
    function: 'pre-sync',
    effects: { proceed: 'proceed', block: 'block' },
  },
  postSync: {
    interface: interfaceOf('federation-check'),
    function: 'post-sync',
    effects: { proceed: 'proceed', modified: 'modified', block: 'block' },
  },
} as const satisfies Readonly<Record<string, EntryPoint>>;

export type EntryName = keyof typeof entryPoints;

/** The gateway's view of plugins of one kind. */
export interface Kind {
  /** The WIT name of the interface that they export beside `lifecycle`. */
  readonly exports: string;
  /** Its entry points that chains call. */
  readonly entries: readonly EntryName[];
  /**
   * Where the configuration names them: in a list of a binding, in `identity`, or in `federation`; undefined if the
   * gateway does not call them yet and refuses to load them.
   */
  readonly place: 'transforms' | 'policies' | 'identity' | 'federation' | undefined;
}

/**
 * The kinds of plugins. To add one, add its interface to wit/, a row here and, if it passes a value through a chain,
 * its entry points above.
 */
export const kinds = {
  transform: { exports: 'dispatch-hooks', entries: ['before', 'after'], place: 'transforms' },
  identity: { exports: 'identity-check', entries: ['identify', 'preCheck', 'postCheck'], place: 'identity' },
  policy: { exports: 'policy-check', entries: ['decide', 'decideMany'], place: 'policies' },
  federation: {
    exports: 'federation-check',
    entries: ['preRegister', 'postRegister', 'preSync', 'postSync'],
    place: 'federation',
  },
  tools: { exports: 'tool-provider', entries: [], place: undefined },
  sink: { exports: 'event-sink', entries: [], place: undefined },
  router: { exports: 'upstream-choice', entries: [], place: undefined },
} as const satisfies Readonly<Record<string, Kind>>;

export type PluginKind = keyof typeof kinds;

/** The interface with the function that configures an instance, which every plugin exports. */
export const lifecycle = interfaceOf('lifecycle');

/** Returns the interfaces that a plugin of a kind exports, with their versions. */
export const exportsOf = (kind: PluginKind): readonly string[] => [lifecycle, interfaceOf(kinds[kind].exports)];
