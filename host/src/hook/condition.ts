import type { Condition, ConditionField } from '../contract/hook-policy.ts';
import { matchesParts } from '../core/glob.ts';
import type { HookedMethod } from '../mcp/methods.ts';

/** What a hook call is about. */
export interface HookSubject {
  /** `initialize` where a server joins. */
  readonly method: HookedMethod | 'initialize';
  readonly upstream: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  /** The tool, prompt or URI of a call, as its upstream names it; undefined for a list. */
  readonly target?: string | undefined;
  /** Media types of the content; absent while there is no content. */
  readonly contentTypes?: (() => readonly string[]) | undefined;
}

/** Whether a plugin is called for a hook call. */
export type Test = (about: HookSubject) => boolean;

/** Whether a text matches one of the globs of a field. */
type Matches = (text: string) => boolean;

const targetFields = { 'tools/call': 'tools', 'prompts/get': 'prompts', 'resources/read': 'resources' } as const;
const targetFieldOf = (method: HookSubject['method']): ConditionField | undefined =>
  Object.hasOwn(targetFields, method) ? targetFields[method as keyof typeof targetFields] : undefined;

/** Tests by field. One that does not apply to the method of a hook call is passed. */
const tests: Readonly<Record<Exclude<ConditionField, 'bindings'>, (matches: Matches) => Test>> = {
  upstreams:
    matches =>
    ({ upstream }) =>
      matches(upstream),
  tenants:
    matches =>
    ({ tenant }) =>
      tenant !== undefined && matches(tenant),
  users:
    matches =>
    ({ subject }) =>
      subject !== undefined && matches(subject),
  tools: matches => byTarget('tools', matches),
  prompts: matches => byTarget('prompts', matches),
  resources: matches => byTarget('resources', matches),
  content_types:
    matches =>
    ({ contentTypes }) =>
      contentTypes === undefined || contentTypes().some(type => matches(essenceOf(type))),
};

/** Returns a media type without parameters, in lower case, because it is the same type in any case (RFC 9110, § 8.3.1). */
const essenceOf = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase();

/** A condition on tools says nothing about prompts, so hook calls of another kind of target pass it. */
function byTarget(field: 'tools' | 'prompts' | 'resources', matches: Matches): Test {
  return ({ method, target, upstream }) => {
    const applies = targetFieldOf(method) === field;
    if (!applies || target === undefined) return true;
    return matches(target) || matches(`${upstream}__${target}`);
  };
}

/** Splits the globs once, so that a hook call only compares. */
function anyOf(globs: readonly string[]): Matches {
  const parts = globs.map(glob => glob.split('*'));
  return text => parts.some(each => matchesParts(each, text));
}

/** The fields of a condition that name targets of calls. */
export type TargetField = (typeof targetFields)[keyof typeof targetFields];

/** A name in a condition, and the upstreams that the condition is limited to, if there are any. */
export interface NamedTarget {
  readonly field: TargetField;
  readonly glob: string;
  readonly upstreams: readonly string[];
}

const isHere = ({ bindings = [] }: Condition, binding: string) => bindings.length === 0 || anyOf(bindings)(binding);

/** Lists the names of targets in the conditions that can match in a binding. */
export const namedTargets = (conditions: readonly Condition[], binding: string): readonly NamedTarget[] =>
  conditions
    .filter(condition => isHere(condition, binding))
    .flatMap(condition =>
      Object.values(targetFields).flatMap(field =>
        (condition[field] ?? [])
          .filter(glob => glob !== '*')
          .map(glob => ({ field, glob, upstreams: condition.upstreams ?? [] })),
      ),
    );

/**
 * Compiles the conditions of a plugin for one binding. Returns undefined where they always match, and `never` where no
 * entry can match in this binding. Entries are alternatives; an absent or empty field matches everything.
 */
export function compileConditions(conditions: readonly Condition[], binding: string): Test | 'never' | undefined {
  if (conditions.length === 0) return undefined;
  const here = conditions.filter(condition => isHere(condition, binding));
  if (here.length === 0) return 'never';
  const compiled = here.map(condition =>
    Object.entries(tests).flatMap(([field, create]) => {
      const stated = condition[field as keyof typeof tests] ?? [];
      const globs = field === 'content_types' ? stated.map(essenceOf) : stated;
      return globs.length === 0 ? [] : [create(anyOf(globs))];
    }),
  );
  if (compiled.some(entry => entry.length === 0)) return undefined;
  return about => compiled.some(entry => entry.every(test => test(about)));
}
