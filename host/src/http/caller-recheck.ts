import { Fault, toFault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { anonymous, isSamePrincipal } from '../identity/principal.ts';
import type { OpenRequest } from './open-request.ts';
import type { Step } from './step/step.ts';

/** How often the callers of open streams and of running calls are authenticated again, in milliseconds. */
const recheckMs = 5_000;
/** The milliseconds for which a request continues while the credentials of its caller cannot be checked. */
const uncheckedMs = 5 * 60_000;
/** The faults that say nothing about the caller: the gateway may be busy with checking many streams at once. */
const uncheckedCodes: ReadonlySet<string> = new Set(['identity_unavailable', 'authentication_throttled', 'overloaded']);

/** How callers are checked. */
export interface RecheckSettings {
  /** Undefined as long as callers are not authenticated. */
  readonly authenticate: Step | undefined;
  /** The milliseconds for which a running call continues after its credentials have expired. */
  readonly expiredMs: number;
}

export interface CallerRecheckOptions extends RecheckSettings {
  /** The running requests, without streams. */
  readonly running: Iterable<OpenRequest>;
  /** Whether the certificate of the connection was verified with authorities or revocations that have been replaced. */
  isUnverified(request: OpenRequest): boolean;
  readonly log: Log;
}

/** What is known of a request that has been checked. */
interface Checked {
  acceptedAt: number;
  expiredAt?: number;
}

/**
 * Ends notification streams and running calls whose caller is no longer accepted: they last for minutes or hours, while a
 * key is revoked, a token expires, or a certificate is replaced. The client of a stream opens another one, and gets the
 * refusal; a call is cancelled and answered with an error. Credentials that have merely expired let a call continue for
 * a while, because they were valid when it began, and a client cannot renew them for it.
 */
export class CallerRecheck implements Disposable {
  #options: CallerRecheckOptions;
  readonly #streams = new Set<OpenRequest>();
  readonly #checked = new WeakMap<OpenRequest, Checked>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallerRecheckOptions) {
    this.#options = options;
    this.#start();
  }

  /** Checks callers in another way from now on, at first at once. */
  changeTo(settings: RecheckSettings): void {
    const { authenticate = this.#timer && nobodyKnown } = settings;
    this.#options = { ...this.#options, ...settings, authenticate };
    this.#start();
    this.#check(performance.now());
  }

  /** Watches a stream until it is closed. */
  addStream(request: OpenRequest): void {
    this.#streams.add(request);
    request.outgoing.once('close', () => this.#streams.delete(request));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #start(): void {
    if (this.#options.authenticate === undefined) return;
    this.#timer ??= setInterval(() => this.#check(), recheckMs).unref();
  }

  /** @param before checks the calls that began before that time */
  #check(before = performance.now() - recheckMs): void {
    for (const stream of this.#streams) {
      this.#whyRefused(stream, 0).then(refusal => refusal && this.#endStream(stream, refusal));
    }
    for (const call of this.#options.running) {
      // Other requests, such as those to the management API, have callers of other schemes. The messages of a batch have
      // the caller of the whole.
      if (!call.isAccepted || call.isPart || call.isAnswered || call.began > before) continue;
      this.#whyRefused(call, this.#options.expiredMs).then(refusal => refusal && endCall(call, refusal));
    }
  }

  /** Returns why the caller of a request is no longer accepted; undefined if it is. */
  async #whyRefused(request: OpenRequest, expiredMs: number): Promise<Fault | undefined> {
    if (this.#options.isUnverified(request)) return refusal('certificates_replaced');
    const { id, incoming, outgoing, binding, resource, principal } = request;
    const arrival = { id, incoming, outgoing, binding, resource, principal };
    try {
      await this.#options.authenticate?.pass(arrival);
    } catch (error) {
      const fault = toFault(error);
      return this.#isTolerated(request, fault, expiredMs) ? undefined : fault;
    }
    if (!isSamePrincipal(arrival.principal, principal)) return refusal('another_caller');
    this.#checked.set(request, { acceptedAt: performance.now() });
    return undefined;
  }

  #isTolerated(request: OpenRequest, { code, details }: Fault, expiredMs: number): boolean {
    const now = performance.now();
    const checked = this.#checked.get(request) ?? { acceptedAt: request.began };
    this.#checked.set(request, checked);
    // While credentials cannot be checked, a caller stays what it was, but not forever: it can throttle its own address.
    if (uncheckedCodes.has(code)) return now - checked.acceptedAt < uncheckedMs;
    if (code !== 'credentials_refused' || details.reason !== 'expired') return false;
    checked.expiredAt ??= now;
    return now - checked.expiredAt < expiredMs;
  }

  #endStream(request: OpenRequest, { code, details: { reason } }: Fault): void {
    const { id, binding, principal } = request;
    const { subject, tenant } = principal;
    const about = { request: id, binding, subject, tenant, code, reason };
    this.#options.log.warn(about, 'ended a stream whose caller is no longer accepted');
    request.outgoing.destroy();
  }
}

/** Callers are no longer authenticated: everyone is anonymous, also who was authenticated before. */
const nobodyKnown: Step = {
  name: 'authenticate',
  pass(arrival) {
    arrival.principal = anonymous;
  },
};

const refusal = (reason: 'certificates_replaced' | 'another_caller') => new Fault('credentials_refused', { reason });

function endCall(request: OpenRequest, { code, details: { reason = code, scheme } }: Fault): void {
  request.cut(new Fault('credentials_lapsed', { reason, ...(scheme !== undefined && { scheme }) }));
}
