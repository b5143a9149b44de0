import type { Principal } from '../identity/principal.ts';
import { type AccessRule, type CompiledRule, compileRule, type Target } from './access-rule.ts';

/** What a binding's rules say about a caller and a target. `rule` is the index of the rule in the binding's `allow`. */
export type Decision =
  | { readonly kind: 'allow'; readonly rule: number }
  /** `unauthenticated` for anonymous callers, who may be allowed more with credentials. */
  | { readonly kind: 'access_denied' | 'unauthenticated'; readonly rule?: never }
  /** A rule would match if the caller had these scopes, separated by spaces; those that the caller keeps are among them. */
  | { readonly kind: 'insufficient_scope'; readonly rule: number; readonly scope: string };

/** What one caller may do in a binding. */
export class Access {
  /** Whether the caller may enter the binding: some target could be allowed. */
  readonly entry: Decision;
  /** Whether every target is allowed. */
  readonly isUnlimited: boolean;
  readonly #granted: readonly CompiledRule[];
  /** The rules that would apply if the caller had their scopes. */
  readonly #lacking: readonly CompiledRule[];
  readonly #denied: Decision;
  /** The caller's scopes that rules ask for. */
  readonly #used: readonly string[];

  constructor(rules: readonly CompiledRule[], caller: Principal, isIdentityConfigured: boolean) {
    const held = new Set(caller.scopes);
    const hasScopes = ({ scopes }: CompiledRule) => scopes.every(scope => held.has(scope));
    const applying = rules.filter(rule => rule.appliesTo(caller));
    const canAuthenticate = isIdentityConfigured && caller.subject === undefined;
    this.#granted = applying.filter(hasScopes);
    this.#lacking = canAuthenticate ? [] : applying.filter(rule => !hasScopes(rule));
    const asked = new Set(rules.flatMap(({ scopes }) => scopes));
    this.#used = caller.scopes.filter(scope => asked.has(scope));
    this.#denied = { kind: canAuthenticate ? 'unauthenticated' : 'access_denied' };
    this.entry = this.#decide(() => true);
    this.isUnlimited = this.#granted.some(rule => rule.isUnlimited);
  }

  /** Decides about a target, whether or not it exists. The first rule that allows it counts. */
  decide(target: Target): Decision {
    return this.#decide(rule => rule.allows(target));
  }

  /** Returns whether `decide` allows a target. */
  allows(target: Target): boolean {
    return this.isUnlimited || this.#granted.some(rule => rule.allows(target));
  }

  /** Returns whether anything of an upstream could be allowed, whose names begin with `prefix`. */
  reaches(upstream: string, prefix: string): boolean {
    return this.#granted.some(rule => rule.reaches(upstream, prefix));
  }

  #decide(matches: (rule: CompiledRule) => boolean): Decision {
    const granted = this.#granted.find(matches);
    if (granted !== undefined) return { kind: 'allow', rule: granted.index };
    const lacking = this.#lacking.find(matches);
    if (lacking === undefined) return this.#denied;
    const scopes = new Set([...lacking.scopes, ...this.#used]);
    return { kind: 'insufficient_scope', rule: lacking.index, scope: [...scopes].join(' ') };
  }
}

/** The rules of a binding, compiled once. What depends on the caller alone is decided once for each principal. */
export class AccessRules {
  readonly #rules: readonly CompiledRule[];
  readonly #isIdentityConfigured: boolean;
  readonly #known = new WeakMap<Principal, Access>();

  constructor(rules: readonly AccessRule[], isIdentityConfigured: boolean) {
    this.#isIdentityConfigured = isIdentityConfigured;
    this.#rules = rules.map((rule, index) => compileRule(rule, index, isIdentityConfigured));
  }

  of(caller: Principal): Access {
    const known = this.#known.get(caller);
    if (known !== undefined) return known;
    const access = new Access(this.#rules, caller, this.#isIdentityConfigured);
    this.#known.set(caller, access);
    return access;
  }
}

/**
 * Returns the rules of a binding, or undefined where everyone may do everything: no rules, and no identity scheme that
 * could distinguish callers.
 */
export function accessRules(allow: readonly AccessRule[] | undefined, isIdentityConfigured: boolean) {
  return allow === undefined && !isIdentityConfigured ? undefined : new AccessRules(allow ?? [], isIdentityConfigured);
}
