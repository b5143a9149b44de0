import { toFault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import type { OpenRequest } from './open-request.ts';
import type { Step } from './step/step.ts';

/** How often the caller of an open stream is authenticated again, in milliseconds. */
const recheckMs = 5_000;
/** How long a stream stays open while the credentials of its caller cannot be checked, in milliseconds. */
const uncheckedMs = 5 * 60_000;

/**
 * Ends notification streams whose caller is no longer accepted: they stay open for hours, while a key is revoked, a token
 * expires, or a certificate is replaced. The client opens another one, and gets the refusal.
 */
export class KeptStreams implements Disposable {
  readonly #authenticate: Step;
  readonly #isOutdated: (request: OpenRequest) => boolean;
  readonly #log: Log;
  /** The streams, with the time at which their caller was accepted last. */
  readonly #streams = new Map<OpenRequest, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param isOutdated whether the connection was opened before the certificates of the listener were replaced */
  constructor(authenticate: Step, isOutdated: (request: OpenRequest) => boolean, log: Log) {
    this.#authenticate = authenticate;
    this.#isOutdated = isOutdated;
    this.#log = log;
  }

  /** Watches a stream until it is closed. */
  add(request: OpenRequest): void {
    this.#streams.set(request, performance.now());
    request.outgoing.once('close', () => this.#streams.delete(request));
    this.#timer ??= setInterval(() => this.#check(), recheckMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    for (const [request, acceptedAt] of this.#streams) {
      this.#whyRefused(request, acceptedAt).then(reason => {
        if (reason !== undefined) this.#end(request, reason);
      });
    }
  }

  /** Returns why the caller of a stream is no longer accepted; undefined if it is. */
  async #whyRefused(request: OpenRequest, acceptedAt: number): Promise<string | undefined> {
    if (this.#isOutdated(request)) return 'certificates_replaced';
    const { incoming, outgoing, binding, principal } = request;
    const arrival = { incoming, outgoing, binding, principal };
    try {
      await this.#authenticate.pass(arrival);
    } catch (error) {
      const { code } = toFault(error);
      // While credentials cannot be checked, a caller stays what it was, but not for ever: it can throttle its own address.
      const isUnchecked = code === 'identity_unavailable' || code === 'authentication_throttled';
      return isUnchecked && performance.now() - acceptedAt < uncheckedMs ? undefined : code;
    }
    if (!isSamePrincipal(arrival.principal, principal)) return 'another_caller';
    if (this.#streams.has(request)) this.#streams.set(request, performance.now());
    return undefined;
  }

  #end(request: OpenRequest, code: string): void {
    const { id, binding, principal } = request;
    const { subject, tenant } = principal;
    this.#log.warn(
      { request: id, binding, subject, tenant, code },
      'ended a stream whose caller is no longer accepted',
    );
    request.outgoing.destroy();
  }
}
