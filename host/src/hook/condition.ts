import type { Condition, ConditionField } from '../contract/hook-policy.ts';
import { matchesGlob } from '../core/glob.ts';
import type { HookedMethod } from '../mcp/methods.ts';

/** What a hook call is about. */
export interface HookSubject {
  readonly method: HookedMethod;
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

const targetFields = { 'tools/call': 'tools', 'prompts/get': 'prompts', 'resources/read': 'resources' } as const;
const targetFieldOf = (method: HookedMethod): ConditionField | undefined =>
  Object.hasOwn(targetFields, method) ? targetFields[method as keyof typeof targetFields] : undefined;

/** Tests by field. One that does not apply to the method of a hook call is passed. */
const tests: Readonly<Record<Exclude<ConditionField, 'bindings'>, (globs: readonly string[]) => Test>> = {
  upstreams:
    globs =>
    ({ upstream }) =>
      matchesAny(globs, upstream),
  tenants:
    globs =>
    ({ tenant }) =>
      tenant !== undefined && matchesAny(globs, tenant),
  users:
    globs =>
    ({ subject }) =>
      subject !== undefined && matchesAny(globs, subject),
  tools: globs => byTarget('tools', globs),
  prompts: globs => byTarget('prompts', globs),
  resources: globs => byTarget('resources', globs),
  content_types:
    globs =>
    ({ contentTypes }) =>
      contentTypes === undefined || contentTypes().some(type => matchesAny(globs, type.toLowerCase())),
};

/** A condition on tools says nothing about prompts, so hook calls of another kind of target pass it. */
function byTarget(field: 'tools' | 'prompts' | 'resources', globs: readonly string[]): Test {
  return ({ method, target, upstream }) => {
    const applies = targetFieldOf(method) === field;
    if (!applies || target === undefined) return true;
    return matchesAny(globs, target) || matchesAny(globs, `${upstream}__${target}`);
  };
}

const matchesAny = (globs: readonly string[], text: string) => globs.some(glob => matchesGlob(glob, text));

/**
 * Compiles the conditions of a plugin for one binding. Returns undefined where they always match, and `never` where no
 * entry can match in this binding. Entries are alternatives; an absent or empty field matches everything.
 */
export function compileConditions(conditions: readonly Condition[], binding: string): Test | 'never' | undefined {
  if (conditions.length === 0) return undefined;
  const here = conditions.filter(({ bindings = [] }) => bindings.length === 0 || matchesAny(bindings, binding));
  if (here.length === 0) return 'never';
  const compiled = here.map(condition =>
    Object.entries(tests).flatMap(([field, create]) => {
      const globs = condition[field as keyof typeof tests] ?? [];
      return globs.length === 0 ? [] : [create(globs)];
    }),
  );
  if (compiled.some(entry => entry.length === 0)) return undefined;
  return about => compiled.some(entry => entry.every(test => test(about)));
}
