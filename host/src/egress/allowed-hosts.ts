import { isIP } from 'node:net';
import { createAddressCheck } from '../core/public-address.ts';
import { type AllowRule, readRule } from './allow-rule.ts';
import type { EgressGrant } from './egress-grant.ts';
import { EgressRefused, notPublic } from './egress-refused.ts';
import { normaliseTarget } from './normalise-url.ts';

/** A normalised URL that the grant allows, and the rule that allows it. */
export interface AllowedTarget {
  readonly url: URL;
  readonly rule: AllowRule;
}

/** Decides which hosts and URLs the requests of one plugin may reach. */
export class AllowedHosts {
  readonly rules: readonly AllowRule[];
  /** Whether a request may connect to this IP address. */
  readonly mayReach: (address: string) => boolean;
  readonly #methods: ReadonlySet<string>;

  constructor(grant: Pick<EgressGrant, 'allow' | 'methods' | 'allow_private'>) {
    this.rules = grant.allow.map(readRule);
    this.mayReach = createAddressCheck(grant.allow_private);
    this.#methods = new Set(grant.methods);
  }

  /**
   * Normalises a URL and finds the rule that allows it. An address written into the URL is checked here; the addresses
   * of a name are checked when it is resolved.
   * @param base what a relative URL of a redirect is relative to
   * @throws EgressRefused
   */
  check(method: string, text: string, base?: URL): AllowedTarget {
    const target = normaliseTarget(text, base);
    if ('why' in target) throw new EgressRefused(target.why);
    const { url } = target;
    const rule = this.#ruleFor(method, url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !this.mayReach(host)) throw new EgressRefused(notPublic(host));
    return { url, rule };
  }

  #ruleFor(method: string, url: URL): AllowRule {
    const matching = this.rules.filter(rule => rule.matches(url));
    const rule = matching.find(({ methods }) => (methods ?? this.#methods).has(method));
    if (rule !== undefined) return rule;
    throw new EgressRefused(
      matching.length === 0
        ? `${url.origin}${url.pathname} is not in the grant's allow list`
        : `method ${method} is not in the grant's methods for ${url.origin}`,
    );
  }
}
