import type { JsonObject } from '../core/json.ts';

/** The revisions of MCP that start with `initialize` and keep a session. */
const sessionful = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
/** Those of them that have tasks. */
const withTasks = ['2025-11-25'] as const;

/** The members of a list's result and of its items that the gateway uses. */
export interface ListShape {
  /** The capability under which a server offers the list. */
  readonly capability: 'tools' | 'prompts' | 'resources';
  /** The member of the result that holds the items. */
  readonly member: string;
  /** The member that identifies an item. */
  readonly key: string;
  /** The notification that says that the list changed. */
  readonly changed: string;
}

/**
 * A request method of MCP. A `call` goes to the owner of its `target`, a `list` to every upstream of the binding,
 * `complete` to the owner of its reference; the revision answers `own` methods itself, and `unserved` ones are refused.
 */
interface Method {
  readonly kind: 'call' | 'list' | 'complete' | 'own' | 'unserved';
  /** The member of the params that names what is called. */
  readonly target?: 'name' | 'uri';
  /** The hook that sees the request before the upstream does. */
  readonly before?: string;
  /** The hook that sees the result before the client does. */
  readonly after?: string;
  /** The empty result that a plugin fills if it answers instead of the upstream. */
  readonly empty?: JsonObject;
  readonly list?: ListShape;
  readonly revisions: readonly string[];
}

/**
 * Every request that a client may send (MCP 2025-11-25, schema `ClientRequest`). Hooks, views, lists, routing and
 * metric labels are derived from this table: to add a method, add a row.
 */
export const methods = {
  'tools/call': {
    kind: 'call',
    target: 'name',
    before: 'tool_pre_invoke',
    after: 'tool_post_invoke',
    empty: { content: [] },
    revisions: sessionful,
  },
  'prompts/get': {
    kind: 'call',
    target: 'name',
    before: 'prompt_pre_fetch',
    after: 'prompt_post_fetch',
    empty: { messages: [] },
    revisions: sessionful,
  },
  'resources/read': {
    kind: 'call',
    target: 'uri',
    before: 'resource_pre_fetch',
    after: 'resource_post_fetch',
    empty: { contents: [] },
    revisions: sessionful,
  },
  'tools/list': { kind: 'list', after: 'tool_list', list: listed('tools', 'name'), revisions: sessionful },
  'prompts/list': { kind: 'list', after: 'prompt_list', list: listed('prompts', 'name'), revisions: sessionful },
  'resources/list': { kind: 'list', after: 'resource_list', list: listed('resources', 'uri'), revisions: sessionful },
  'resources/templates/list': {
    kind: 'list',
    after: 'resource_list',
    revisions: sessionful,
    list: listed('resources', 'uriTemplate', 'resourceTemplates'),
  },
  'completion/complete': { kind: 'complete', revisions: sessionful },
  initialize: { kind: 'own', revisions: sessionful },
  ping: { kind: 'own', revisions: sessionful },
  'logging/setLevel': { kind: 'own', revisions: sessionful },
  'resources/subscribe': { kind: 'unserved', revisions: sessionful },
  'resources/unsubscribe': { kind: 'unserved', revisions: sessionful },
  'tasks/get': { kind: 'unserved', revisions: withTasks },
  'tasks/result': { kind: 'unserved', revisions: withTasks },
  'tasks/list': { kind: 'unserved', revisions: withTasks },
  'tasks/cancel': { kind: 'unserved', revisions: withTasks },
} as const satisfies Readonly<Record<string, Method>>;

type Methods = typeof methods;
export type MethodName = keyof Methods;
type MethodOf<K extends Method['kind']> = {
  [M in MethodName]: Methods[M]['kind'] extends K ? M : never;
}[MethodName];

/** A method with one target: a tool, a prompt, a resource. Its requests and its results pass hooks. */
export type CallMethod = MethodOf<'call'>;
/** A method that lists. Its results pass hooks. */
export type ListMethod = MethodOf<'list'>;
export type HookedMethod = CallMethod | ListMethod;
/** A method that completes an argument. */
export type CompleteMethod = MethodOf<'complete'>;

const namesOf = <K extends Method['kind']>(...kinds: readonly K[]) =>
  (Object.keys(methods) as MethodName[]).filter((name): name is MethodOf<K> =>
    (kinds as readonly string[]).includes(methods[name].kind),
  );

export const callMethods: readonly CallMethod[] = namesOf('call');
export const listMethods: readonly ListMethod[] = namesOf('list');
export const completeMethods = namesOf('complete');
export const hookedMethods: readonly HookedMethod[] = namesOf('call', 'list');

/** The method of this name; undefined for any other text. */
export const methodNamed = (name: string): MethodName | undefined =>
  Object.hasOwn(methods, name) ? (name as MethodName) : undefined;

/** The shape of a list's result. */
export const listShape = (method: ListMethod): ListShape => methods[method].list;

/** Returns the tool, prompt or URI that a call is about. */
export function targetOf(method: CallMethod, params: JsonObject): string | undefined {
  const target = params[methods[method].target];
  return typeof target === 'string' ? target : undefined;
}

/** The notifications that say that a list changed. */
export const listChanges: ReadonlySet<string> = new Set(listMethods.map(name => listShape(name).changed));

/** A hook that the gateway calls. */
export type CalledHook = Methods[CallMethod]['before'] | Methods[HookedMethod]['after'];

/** The hooks that the gateway calls. */
export const calledHooks: ReadonlySet<string> = new Set(
  hookedMethods.flatMap((name): readonly string[] => {
    const { before, after }: Method = methods[name];
    return [before, after].filter(hook => hook !== undefined);
  }),
);

/** A value for each of these names; the compiler reports a missing one. */
export const forEach = <N extends string, V>(names: readonly N[], make: (name: N) => V): Readonly<Record<N, V>> =>
  Object.fromEntries(names.map(name => [name, make(name)])) as Record<N, V>;

function listed<C extends ListShape['capability']>(capability: C, key: string, member: string = capability) {
  return { capability, member, key, changed: `notifications/${capability}/list_changed` } as const;
}
