import { canBeginWith, canBothMatch, matchesParts } from '../core/glob.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { ConfiguredName } from '../hook/unmatched-names.ts';
import { anonymous, type Principal } from '../identity/principal.ts';
import { leavesFolder } from './leaves-folder.ts';

/** The kinds of targets that a rule can name. */
export type TargetKind = 'tools' | 'prompts' | 'resources';

/**
 * One rule of a binding's `allow`: all of its fields must match, each by one of its globs. All `scopes` are required. A
 * rule that names no targets allows all of them.
 */
export interface AccessRule {
  readonly subjects?: readonly string[] | undefined;
  readonly tenants?: readonly string[] | undefined;
  readonly schemes?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly claims?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly upstreams?: readonly string[] | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly prompts?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
}

const targetKinds: readonly TargetKind[] = ['tools', 'prompts', 'resources'];

/** Lists the names of targets in the rules of a binding, with the index of the rule. */
export const namesInRules = (rules: readonly AccessRule[] = []): readonly ConfiguredName<number>[] =>
  rules.flatMap((rule, owner) =>
    targetKinds.flatMap(field =>
      (rule[field] ?? [])
        .filter(glob => glob !== '*')
        .map(glob => ({ owner, field, glob, upstreams: rule.upstreams ?? [] })),
    ),
  );

/** A tool, prompt or resource under the name that clients see. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  /** The upstream that has it, if it exists. */
  readonly upstream: string | undefined;
  /** Whether the name is a URI template, which stands for every URI that it can expand to. */
  readonly isTemplate?: boolean;
}

/** A rule with its globs split, so that a decision only compares. */
export interface CompiledRule {
  /** Its place in the list of the binding. */
  readonly index: number;
  readonly scopes: readonly string[];
  /** Whether it allows every target of the binding. */
  readonly isUnlimited: boolean;
  /** Whether it applies to the caller, if the caller has the scopes. */
  appliesTo(caller: Principal): boolean;
  allows(target: Target): boolean;
  /** Whether it could allow something of an upstream whose names begin with `prefix`. */
  reaches(upstream: string, prefix: string): boolean;
}

/** A glob, split at its wildcards. */
type Glob = readonly string[];

/**
 * Compiles a rule.
 * @param isIdentityConfigured then a rule applies to anonymous callers only if its `schemes` name `anonymous`
 */
export function compileRule(rule: AccessRule, index: number, isIdentityConfigured: boolean): CompiledRule {
  const { scopes = [], schemes, upstreams, tools, prompts, resources } = rule;
  const appliesToAnonymous = !isIdentityConfigured || schemes?.includes(anonymous.scheme) === true;
  const inUpstream = anyOf(upstreams);
  const targets = [tools, prompts, resources].some(globs => globs !== undefined)
    ? { tools: anyOf(tools ?? []), prompts: anyOf(prompts ?? []), resources: anyUri(resources ?? []) }
    : undefined;
  const fits = callerTest(rule);
  return {
    ...{ index, scopes },
    isUnlimited: upstreams === undefined && targets === undefined,
    appliesTo: caller => (caller.subject !== undefined || appliesToAnonymous) && fits(caller),
    allows: target =>
      inUpstream(target.upstream) &&
      (targets === undefined ||
        (target.kind === 'resources' ? targets.resources(target) : targets[target.kind](target.name))),
    reaches: (upstream, prefix) =>
      inUpstream(upstream) &&
      (targets === undefined ||
        resources !== undefined ||
        [...(tools ?? []), ...(prompts ?? [])].some(glob => canBeginWith(glob, prefix))),
  };
}

function callerTest({ subjects, tenants, schemes, claims = {} }: AccessRule): (caller: Principal) => boolean {
  const [bySubject, byTenant, byScheme] = [anyOf(subjects), anyOf(tenants), anyOf(schemes)];
  const byClaim = Object.entries(claims).map(([claim, values]) => ({ claim, matches: anyOf(values) }));
  return ({ subject, tenant, scheme, claims: held }) =>
    bySubject(subject) &&
    byTenant(tenant) &&
    byScheme(scheme) &&
    byClaim.every(({ claim, matches }) => textsOf(claimOf(held, claim)).some(matches));
}

const split = (glob: string): Glob => glob.split('*');

/** Returns the test of a field: whether a text matches one of the globs. An absent field matches everything. */
function anyOf(globs: readonly string[] | undefined): (text: string | undefined) => boolean {
  if (globs === undefined) return () => true;
  const compiled = globs.map(split);
  return text => text !== undefined && compiled.some(glob => matchesParts(glob, text));
}

/**
 * Returns the test of `resources`. A URI that leaves its folder matches only `*`, because the upstream would read
 * another resource than the one that a glob describes. A template matches where some URI could match both.
 */
function anyUri(globs: readonly string[]): (target: Target) => boolean {
  const compiled = globs.map(split);
  const hasAll = globs.includes('*');
  return ({ name, isTemplate = false }) => {
    if (hasAll) return true;
    if (leavesFolder(name)) return false;
    if (!isTemplate) return compiled.some(glob => matchesParts(glob, name));
    const parts = name.split(/\{[^{}]*\}/);
    return compiled.some(glob => canBothMatch(glob, parts));
  };
}

/** Returns a claim by its name, or by the dotted path to it. A name that contains the dots comes first. */
function claimOf(claims: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: Json | undefined = claims;
  for (const member of name.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, member)) return undefined;
    value = value[member];
  }
  return value;
}

/** Returns the texts of a claim: its own, or those of its elements. Numbers and booleans are read as JSON text. */
const textsOf = (claim: Json | undefined): readonly string[] =>
  (Array.isArray(claim) ? claim : [claim]).flatMap(value =>
    ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : [],
  );
