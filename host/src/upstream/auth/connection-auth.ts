import { signalOf } from '../../core/canceller.ts';
import { Fault } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Principal } from '../../identity/principal.ts';
import { type Answer, errorAnswer, type RpcError, resultAnswer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { RequestOptions } from '../upstream.ts';
import type { CallerAuth, Credential } from './credential.ts';

/** Credentials of a connection that its server may still repeat: the current one and the one before. */
const mostUsed = 2;

/** The credentials of one connection. They are hidden in everything that its server sends back. */
export class ConnectionAuth {
  readonly #auth: CallerAuth;
  readonly #mask = new SecretMask();
  #used: readonly Credential[] = [];

  constructor(auth: CallerAuth) {
    this.#auth = auth;
  }

  get isPerCaller(): boolean {
    return this.#auth.isPerCaller;
  }

  get place(): string {
    return this.#auth.place;
  }

  written(credential: Credential): string {
    return this.#auth.written(credential);
  }

  /** Returns the credential for a request of `caller`. An abort ends the waiting. @throws Fault `upstream_auth_…` */
  async current(caller?: Principal, signal?: RequestOptions['signal']): Promise<Credential> {
    const current = this.#auth.current(caller);
    const credential = current instanceof Promise ? await waitedFor(current, signal) : current;
    this.#use(credential);
    return credential;
  }

  /** As `Credentials.renew`. */
  async renew(
    rejected: Credential,
    caller?: Principal,
    signal?: RequestOptions['signal'],
  ): Promise<Credential | undefined> {
    const renewed = await waitedFor(this.#auth.renew(rejected, caller), signal);
    if (renewed !== undefined) this.#use(renewed);
    return renewed;
  }

  /** Returns what a connection reports to, without the credentials. */
  hiding<T extends { readonly log: Log; onNotification(notification: Notification): void }>(context: T): T {
    return {
      ...context,
      log: this.#mask.log(context.log),
      onNotification: (notification: Notification) => context.onNotification(this.#mask.value(notification)),
    };
  }

  /** Sends one request, and hides the credentials in its notifications, its answer and its fault. */
  async hidden(options: RequestOptions, send: (options: RequestOptions) => Promise<Answer>): Promise<Answer> {
    const { onNotification } = options;
    const hiding = onNotification && {
      onNotification: (notification: Notification) => onNotification(this.#mask.value(notification)),
    };
    try {
      return this.inAnswer(await send({ ...options, ...hiding }));
    } catch (thrown) {
      throw this.inFault(thrown);
    }
  }

  /** Returns what was thrown, without the credentials if it is a fault. */
  inFault(thrown: unknown): unknown {
    return thrown instanceof Fault ? new Fault(thrown.code, this.#mask.value(thrown.details), thrown.cause) : thrown;
  }

  /** Returns an answer without the credentials. */
  inAnswer(answer: Answer): Answer {
    const text = answer.text(0);
    if (!this.#used.some(credential => credential.isIn(text))) return answer;
    return answer.error
      ? errorAnswer(this.#mask.value(answer.error) as RpcError)
      : resultAnswer(this.#mask.value(answer.result));
  }

  #use(credential: Credential): void {
    if (this.#used[0] === credential) return;
    this.#used = [credential, ...this.#used.filter(used => used !== credential)].slice(0, mostUsed);
    this.#mask.learnOnly(this.#used.map(({ value }) => value));
  }
}

const waitedFor = <T>(work: Promise<T>, signal: RequestOptions['signal']): Promise<T> =>
  unlessAborted(work, signal && signalOf(signal));
