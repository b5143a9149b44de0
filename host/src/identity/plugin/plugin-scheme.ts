import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Credentials } from '../../contract/generated/types.js';
import { bounded } from '../../core/bounded.ts';
import { Fault, fail } from '../../core/fault.ts';
import type { ClientAddress } from '../client-address.ts';
import { ExpiringCache } from '../expiring-cache.ts';
import type { Principal } from '../principal.ts';
import { type Authenticate, type AuthenticatingRequest, countOf, refuseCredentials } from '../scheme.ts';
import type { VerificationBudget } from '../verification-budget.ts';
import type { CallSubject, PluginCalls } from './plugin-calls.ts';
import { type StatementRules, statedPrincipal } from './stated-principal.ts';

export interface PluginSchemeOptions extends Omit<StatementRules, 'scheme'> {
  /** The id of the scheme. */
  readonly id: string;
  readonly plugin: string;
  /** The header with the credentials, in lower case. */
  readonly header: string;
  /** The authentication scheme that the plugin is asked about, in lower case, if the header is `authorization`; absent for any. */
  readonly authorization?: string | undefined;
  /** How long an answer is remembered at most, in milliseconds. */
  readonly cacheMs: number;
  /** Whether credentials belong to another scheme, so that the plugin must not get them. */
  readonly isForeign: (credentials: string) => boolean;
  /** Returns the calls of the plugins that are loaded now. */
  readonly calls: () => PluginCalls;
  readonly budget: VerificationBudget;
  readonly addressOf: ClientAddress;
  /** Masks secrets in what is logged. */
  readonly mask: (text: string) => string;
}

/** What is remembered of credentials: the caller, that the plugin does not know them, or that it refuses them. */
type Remembered = { readonly principal: Principal | undefined } | { readonly refusal: Fault };

/** The number of credentials that are remembered. */
const most = { accepted: 10_000, refused: 5_000 };
/** How long credentials are remembered at most that the plugin refuses or does not know, in milliseconds. */
const refusedMs = 10_000;
/** The maximum length of credentials. Headers have 16 KiB in all. */
const longest = 8 * 1024;
/** The causes of failures that say nothing about the credentials. */
const innocent: ReadonlySet<string> = new Set(['unavailable', 'merge']);

/**
 * Creates the scheme of a plugin. What it says of credentials is remembered by their hash, so that a request with them
 * waits for nothing. A plugin that fails identifies nobody, and then no other scheme is asked.
 */
export function createPluginScheme(options: PluginSchemeOptions): Authenticate {
  const scheme = new PluginScheme(options);
  return (incoming, _, request) => scheme.authenticate(incoming, request);
}

class PluginScheme {
  readonly #options: PluginSchemeOptions;
  readonly #rules: StatementRules;
  #calls: PluginCalls | undefined;
  #accepted = new ExpiringCache<Remembered>(most.accepted);
  #refused = new ExpiringCache<Remembered>(most.refused);
  #running = new Map<string, Promise<Principal | undefined>>();

  constructor(options: PluginSchemeOptions) {
    this.#options = options;
    this.#rules = { ...options, scheme: options.id };
  }

  /** @throws Fault `credentials_refused`, `identity_unavailable`, `authentication_throttled`, `overloaded` */
  authenticate(
    incoming: IncomingMessage,
    request: AuthenticatingRequest = {},
  ): Promise<Principal | undefined> | Principal | undefined {
    const credentials = credentialsIn(incoming, this.#options);
    if (credentials === undefined) return undefined;
    this.#forgetFormerPlugins();
    const key = hash('sha256', `${credentials.scheme ?? ''} ${credentials.value}`, 'base64');
    const now = Date.now();
    const known = this.#accepted.get(key, now) ?? this.#refused.get(key, now);
    if (known !== undefined) {
      if ('refusal' in known) throw known.refusal;
      return known.principal;
    }
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const address = this.#options.addressOf(incoming);
    this.#options.budget.take(address, { scheme: this.#options.id });
    const asking = this.#ask(key, credentials, address, subjectOf(incoming, request));
    this.#running.set(key, asking);
    return asking;
  }

  /** Drops what plugins said that were replaced since. */
  #forgetFormerPlugins(): void {
    const calls = this.#options.calls();
    if (this.#calls === calls) return;
    this.#calls = calls;
    this.#accepted = new ExpiringCache(most.accepted);
    this.#refused = new ExpiringCache(most.refused);
    this.#running = new Map();
  }

  async #ask(key: string, value: Credentials, address: string, on: CallSubject): Promise<Principal | undefined> {
    const { id: scheme, plugin, budget, cacheMs, calls } = this.#options;
    // What the answer is remembered in, whatever replaces these meanwhile.
    const [accepted, refused, running] = [this.#accepted, this.#refused, this.#running];
    const briefly = Math.min(cacheMs, refusedMs);
    try {
      const result = await calls().call(plugin, { stage: 'identify', value }, on, answer =>
        this.#read(answer as Parameters<typeof statedPrincipal>[0]),
      );
      switch (result.outcome) {
        case 'respond': {
          const { principal, validMs } = result.answer;
          budget.giveBack(address);
          accepted.set(key, { principal }, Date.now() + Math.min(cacheMs, validMs));
          return principal;
        }
        case 'proceed':
          refused.set(key, { principal: undefined }, Date.now() + briefly);
          return undefined;
        case 'block': {
          const refusal = new Fault('credentials_refused', { scheme, ...this.#refusal(result.violation) });
          refused.set(key, { refusal }, Date.now() + briefly);
          throw refusal;
        }
        case 'failed':
          if (innocent.has(result.cause)) budget.giveBack(address);
          return fail('identity_unavailable', { scheme, plugin, reason: result.cause });
      }
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === 'overloaded') budget.giveBack(address);
      throw thrown;
    } finally {
      running.delete(key);
    }
  }

  #read(stated: Parameters<typeof statedPrincipal>[0]) {
    const { validForS } = stated;
    const validMs = validForS === undefined ? Number.POSITIVE_INFINITY : validForS * 1_000;
    return { principal: statedPrincipal(stated, this.#rules), validMs };
  }

  /** Returns why the plugin refuses credentials, for the log. */
  #refusal({ code, reason }: { readonly code: string; readonly reason: string }) {
    const { plugin, mask } = this.#options;
    const what = bounded(mask(`${code}: ${reason}`));
    return { reason: 'refused_by_plugin', plugin, what };
  }
}

const subjectOf = (incoming: IncomingMessage, { id = '', binding = '', call }: AuthenticatingRequest): CallSubject => ({
  ...{ requestId: id, binding, method: incoming.method ?? '', receipts: call?.receipts },
});

/** Returns the credentials that a plugin is asked about; undefined if there are none. @throws Fault `credentials_refused` */
function credentialsIn(
  incoming: IncomingMessage,
  { id, header, authorization, isForeign }: PluginSchemeOptions,
): Credentials | undefined {
  const text = incoming.headers[header];
  if (typeof text !== 'string') return undefined;
  if (countOf(header, incoming) > 1) refuseCredentials(id, 'ambiguous', { headers: [header] });
  if (text.length > longest) refuseCredentials(id, 'malformed', { header });
  const credentials = header === 'authorization' ? authorizationIn(text) : { header, value: text.trim() };
  if (credentials === undefined || credentials.value === '' || isForeign(credentials.value)) return undefined;
  return authorization === undefined || authorization === credentials.scheme ? credentials : undefined;
}

/** Returns the parts of an `Authorization` header (RFC 9110 § 11.4). */
function authorizationIn(text: string): Credentials | undefined {
  const { scheme, value } = /^(?<scheme>[A-Za-z0-9!#$%&'*+.^_`|~-]+) +(?<value>\S.*)$/.exec(text.trim())?.groups ?? {};
  if (scheme === undefined || value === undefined) return undefined;
  return { header: 'authorization', scheme: scheme.toLowerCase(), value };
}
