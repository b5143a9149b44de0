import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ArrivingRequest, Narrowed } from '../../contract/generated/types.js';
import type { IdentityQuestion } from '../../contract/hook-call.ts';
import { Fault, fail } from '../../core/fault.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { violationData } from '../../hook/block-data.ts';
import { refuse } from '../../hook/invalid-output.ts';
import { keepOriginal } from '../authenticated-as.ts';
import type { ClientAddress } from '../client-address.ts';
import { credentialsOf, keepToken } from '../credentials.ts';
import { createPrincipal, type Principal } from '../principal.ts';
import type { AuthenticatingRequest, AuthenticationChecks } from '../scheme.ts';
import type { CallResult, CallSubject, PluginCalls } from './plugin-calls.ts';
import { allowedTenant } from './stated-principal.ts';

/** A plugin that is called around authentication. */
export interface CheckingPlugin {
  readonly plugin: string;
  /** The tenants that it may give to callers without one, as globs. */
  readonly tenants: readonly string[];
}

export interface PluginChecksOptions {
  /** In the order in which they are called. */
  readonly checks: readonly CheckingPlugin[];
  /** The headers with credentials, in lower case, which no plugin gets. */
  readonly credentialHeaders: readonly string[];
  /** Returns the calls of the plugins that are loaded now. */
  readonly calls: () => PluginCalls;
  readonly mask: Pick<SecretMask, 'value'>;
  readonly addressOf: ClientAddress;
}

/**
 * The authentication schemes whose names are shown (IANA's registry). Any other first word of the header could be
 * credentials.
 */
const registered: ReadonlySet<string> = new Set([
  ...['basic', 'bearer', 'concealed', 'digest', 'dpop', 'gnap', 'hoba', 'mutual', 'negotiate', 'oauth'],
  ...['privatetoken', 'scram-sha-1', 'scram-sha-256', 'vapid'],
]);

/** Headers with credentials of this gateway or of others, whatever is configured. */
const secretHeaders = ['authorization', 'proxy-authorization', 'cookie'];

type Narrowing = Readonly<{ scopes: readonly string[]; tenant: string | undefined }>;

/**
 * Calls plugins before and after the authentication of each request. They may refuse it, and take scopes away from its
 * caller. Whatever fails refuses.
 */
export class PluginChecks implements AuthenticationChecks {
  readonly #options: PluginChecksOptions;
  readonly #secret: ReadonlySet<string>;
  /** What became of a principal last, so that equal requests have the same one. */
  readonly #narrowed = new WeakMap<Principal, Principal>();

  constructor(options: PluginChecksOptions) {
    this.#options = options;
    this.#secret = new Set([...secretHeaders, ...options.credentialHeaders]);
  }

  async before(incoming: IncomingMessage, request: AuthenticatingRequest): Promise<void> {
    const arriving = this.#arriving(incoming, request);
    const on = this.#subjectOf(incoming, request);
    for (const { plugin } of this.#options.checks) {
      if (!this.#options.calls().handles(plugin, 'auth_pre_check')) continue;
      await this.#call(plugin, { stage: 'preCheck', value: arriving }, on, '', () => undefined);
    }
  }

  async after(incoming: IncomingMessage, request: AuthenticatingRequest, caller: Principal): Promise<Principal> {
    const arriving = this.#arriving(incoming, request);
    let principal: Principal = caller;
    for (const check of this.#options.checks) {
      if (!this.#options.calls().handles(check.plugin, 'auth_post_check')) continue;
      const { scheme, subject, tenant, claims } = principal;
      const value = { request: arriving, scheme, scopes: [...principal.scopes] };
      const stated = { ...(subject !== undefined && { subject }), ...(tenant !== undefined && { tenant }) };
      const on = { ...this.#subjectOf(incoming, request), ...stated };
      const question: IdentityQuestion = { stage: 'postCheck', value: { ...value, ...stated } };
      const shown = { ...on, caller: { ...on.caller, claims } };
      const current = principal;
      const narrowing: Narrowing | undefined = await this.#call(check.plugin, question, shown, scheme, answer =>
        readNarrowing(answer, current, check.tenants),
      );
      if (narrowing !== undefined) principal = this.#narrow(principal, narrowing);
    }
    return principal;
  }

  /** @returns what the plugin answered @throws Fault `authentication_blocked`, `identity_unavailable`, `overloaded` */
  async #call<T>(
    plugin: string,
    question: IdentityQuestion,
    on: CallSubject,
    scheme: string,
    read: (answer: Narrowed) => T,
  ): Promise<T | undefined> {
    const { calls, mask } = this.#options;
    const result: CallResult<T> = await calls().call(plugin, question, on, answer => read(answer as Narrowed));
    switch (result.outcome) {
      case 'proceed':
        return undefined;
      case 'respond':
        return result.answer;
      case 'block': {
        const violation = { ...mask.value(violationData(plugin, result.violation)), plugin };
        throw new Fault('authentication_blocked', { scheme, plugin, reason: 'blocked_by_plugin', violation });
      }
      case 'failed':
        return fail('identity_unavailable', { scheme, plugin, reason: result.cause });
    }
  }

  #arriving(incoming: IncomingMessage, { binding = '' }: AuthenticatingRequest): ArrivingRequest {
    const { method = '', url = '', headers } = incoming;
    const [path = ''] = url.split('?', 1);
    const authorization = headers.authorization === undefined ? undefined : shownScheme(headers.authorization);
    const request = { method, path, binding, address: this.#options.addressOf(incoming) };
    return authorization === undefined ? request : { ...request, authorization };
  }

  #subjectOf(incoming: IncomingMessage, { id = '', binding = '', call }: AuthenticatingRequest): CallSubject {
    return {
      ...{ requestId: id, binding, method: incoming.method ?? '', receipts: call?.receipts },
      caller: { headers: this.#shownHeaders(incoming.headers) },
    };
  }

  /** Returns the headers that a grant may show. */
  #shownHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !this.#secret.has(name)));
  }

  #narrow(principal: Principal, { scopes, tenant }: Narrowing): Principal {
    const known = this.#narrowed.get(principal);
    if (known !== undefined && known.tenant === tenant && isSameList(known.scopes, scopes)) return known;
    const { subject, claims, scheme } = principal;
    if (subject === undefined) return principal;
    const narrowed = createPrincipal({
      ...{ scheme, subject, scopes, claims },
      ...(tenant !== undefined && { tenant }),
    });
    const token = credentialsOf(principal);
    if (token !== undefined) keepToken(narrowed, token);
    keepOriginal(narrowed, principal);
    this.#narrowed.set(principal, narrowed);
    return narrowed;
  }
}

function shownScheme(authorization: string): string {
  const [scheme = '', value] = authorization.trim().split(/ +/, 2);
  const name = scheme.toLowerCase();
  return value !== undefined && registered.has(name) ? name : 'other';
}

/** Reads what a caller keeps. @throws InvalidOutput if it would have more than before */
function readNarrowing({ scopes, tenant }: Narrowed, principal: Principal, tenants: readonly string[]): Narrowing {
  if (principal.subject === undefined) refuse('it narrows an anonymous caller, who has nothing');
  if (scopes?.some(scope => !principal.scopes.includes(scope)))
    refuse('it names a scope that the caller does not have');
  if (tenant !== undefined && principal.tenant !== undefined && tenant !== principal.tenant)
    refuse('it names a tenant for a caller that has another one');
  return {
    scopes: scopes === undefined ? principal.scopes : [...new Set(scopes)].sort(),
    tenant: tenant === undefined || principal.tenant !== undefined ? principal.tenant : allowedTenant(tenant, tenants),
  };
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each, place) => each === other[place]);
