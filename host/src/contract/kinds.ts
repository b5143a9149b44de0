/** What an outcome means for a chain of calls: nothing, another value, an answer in its place, or the end. */
export type Effect = 'proceed' | 'modified' | 'respond' | 'block';

/** A function of plugins that a chain calls with the context of the call and a value. */
export interface EntryPoint {
  readonly interface: string;
  /** As in WIT. */
  readonly function: string;
  /** The effect of each outcome, by its tag in WIT. */
  readonly effects: Readonly<Record<string, Effect>>;
}

const interfaceOf = <N extends string>(name: N) => `sallyport:plugin/${name}@0.1.0` as const;

/** The entry points that lanes run. A lane knows these, and no kind of plugin. */
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
} as const satisfies Readonly<Record<string, EntryPoint>>;

export type EntryName = keyof typeof entryPoints;

/** What plugins of one kind are to the gateway. */
export interface Kind {
  /** The interface that they export beside `lifecycle`, by its name in wit/. */
  readonly exports: string;
  /** The entry points of it that chains call. */
  readonly entries: readonly EntryName[];
  /** Where the gateway calls them; undefined where it does not yet, and then they are refused when they load. */
  readonly place: 'dispatch' | undefined;
}

/**
 * The kinds of plugins. A new one is its interface in wit/, a row here, and, where it threads a value through a chain,
 * its entry points above.
 */
export const kinds = {
  transform: { exports: 'dispatch-hooks', entries: ['before', 'after'], place: 'dispatch' },
  identity: { exports: 'identity-check', entries: [], place: undefined },
  policy: { exports: 'policy-check', entries: ['decide'], place: undefined },
  tools: { exports: 'tool-provider', entries: [], place: undefined },
  sink: { exports: 'event-sink', entries: [], place: undefined },
  router: { exports: 'upstream-choice', entries: [], place: undefined },
} as const satisfies Readonly<Record<string, Kind>>;

export type PluginKind = keyof typeof kinds;

/** The interface with the function that configures an instance, which every plugin exports. */
export const lifecycle = interfaceOf('lifecycle');

/** The interfaces that a plugin of a kind exports, with their versions. */
export const exportsOf = (kind: PluginKind): readonly string[] => [lifecycle, interfaceOf(kinds[kind].exports)];
