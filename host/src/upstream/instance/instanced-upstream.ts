import { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import { SessionExpired } from '../mcp/connection.ts';
import { isUnsent } from '../unsent.ts';
import type { RequestOptions, Upstream } from '../upstream.ts';
import { chooseInstance } from './choose-instance.ts';
import { type Instance, isFailureOfInstance } from './instance.ts';

/** What happens to a client whose session was lost with its instance. */
export type SessionLoss = 'end' | 'reconnect';

export interface InstancedUpstreamOptions {
  readonly id: string;
  readonly instances: readonly Instance[];
  /** Opens an instance for the client. */
  open(instance: Instance, onSessionLost: () => void): Upstream;
  readonly sessionLost: SessionLoss;
  /** Milliseconds after which a client may try again if no instance can be reached. */
  readonly retryMs: number;
  onFailover(from: Instance): void;
  onClose(): void;
}

/**
 * One client's access to several servers that do the same. A session stays with the instance that it began at, because
 * that may keep state for it. Requests without a session go to the instance with the least load.
 *
 * A request goes to another instance if not a byte of it was sent, or if executing it twice does no harm. Any other
 * that failed may have been executed.
 */
export class InstancedUpstream implements Upstream {
  readonly id: string;
  readonly failsOver = true;
  readonly credentialHeader: string | undefined;
  readonly #options: InstancedUpstreamOptions;
  readonly #opened = new Map<Instance, Upstream>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  /** The instance that the client has a session with. */
  #held: Instance | undefined;
  /** The instance at which a session may be beginning. Other requests go there too, so that no second one begins. */
  #beginning: Instance | undefined;
  /** The instance that answers lists, because the cursor of a page is its own. */
  #lister: Instance | undefined;
  #isSessionLost = false;
  #logLevel: string | undefined;
  #isClosed = false;

  constructor(options: InstancedUpstreamOptions, credentialHeader: string | undefined) {
    this.id = options.id;
    this.credentialHeader = credentialHeader;
    this.#options = options;
  }

  get url(): URL | undefined {
    return (this.#held ?? this.#beginning ?? chooseInstance(this.#options.instances))?.url;
  }

  get ready(): boolean {
    if (this.#held !== undefined) return this.#opened.get(this.#held)?.ready ?? false;
    return [...this.#opened.values()].some(({ ready }) => ready);
  }

  get awaitsAccount(): boolean {
    const [first] = this.#options.instances;
    return first !== undefined && !this.#isClosed && this.#upstreamOf(first).awaitsAccount === true;
  }

  /** Each connected instance must be able to report a change. */
  get listeningSince(): number | undefined {
    const upstreams = [...this.#opened].filter(([instance, { ready }]) => ready && this.#isUsed(instance));
    const since = upstreams.map(([, upstream]) => upstream.listeningSince);
    return since.length === 0 || since.includes(undefined) ? undefined : Math.max(...since.map(Number));
  }

  get serverInfo(): ServerInfo | undefined {
    const own = this.#held && this.#opened.get(this.#held)?.serverInfo;
    return own ?? this.#options.instances.map(({ pool }) => pool.serverInfo).find(info => info !== undefined);
  }

  async start(signal?: AbortSignal): Promise<void> {
    await this.#failingOver(this.#options.instances, signal, upstream => upstream.start(signal), isFailureOfInstance);
  }

  request(method: string, params?: JsonObject, options: RequestOptions = {}): Promise<Answer> {
    const { headersFor, signal } = options;
    const { instances } = this.#options;
    // A header of a plugin is for one server: its value may be a secret that no other may have.
    const allowed = headersFor ? instances.filter(({ url }) => url.origin === headersFor.origin) : instances;
    const isRepeatable = async () => method !== 'tools/call' || (await options.isRepeatable?.()) === true;
    const mayRepeat = async (thrown: unknown) =>
      isUnreached(thrown) || (isFailureOfInstance(thrown) && (await isRepeatable()));
    const lister = method.endsWith('/list') ? this.#lister : undefined;
    const send = async (upstream: Upstream, instance: Instance) => {
      const answer = await upstream.request(method, params, options);
      if (method.endsWith('/list')) this.#lister = instance;
      return answer;
    };
    return this.#failingOver(allowed, signal, send, mayRepeat, lister);
  }

  subscribe(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async setLogLevel(level: string): Promise<void> {
    this.#logLevel = level;
    await Promise.all([...this.#opened.values()].map(upstream => upstream.setLogLevel(level)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    this.#listeners.clear();
    this.#options.onClose();
    await Promise.all([...this.#opened.values()].map(upstream => upstream[Symbol.asyncDispose]()));
  }

  /** Does some work at one instance, and at the next one while `mayRepeat` says so. */
  async #failingOver<T>(
    allowed: readonly Instance[],
    signal: RequestOptions['signal'],
    work: (upstream: Upstream, instance: Instance) => Promise<T>,
    mayRepeat: (thrown: unknown) => boolean | Promise<boolean>,
    first?: Instance,
  ): Promise<T> {
    let left = allowed;
    let last: unknown;
    for (let preferred = first; ; preferred = undefined) {
      if (this.#isSessionLost && this.#options.sessionLost === 'end') throw this.#sessionFault(last);
      const instance = this.#held ?? this.#chosen(left, preferred);
      if (instance === undefined || !left.includes(instance)) throw this.#noneLeft(last);
      if (last !== undefined) this.#options.onFailover(instance);
      try {
        return await this.#at(instance, work);
      } catch (thrown) {
        if (signal?.aborted || this.#isClosed || !(await mayRepeat(thrown))) throw thrown;
        last = thrown;
        left = left.filter(each => each !== instance);
      }
    }
  }

  #chosen(left: readonly Instance[], preferred: Instance | undefined): Instance | undefined {
    if (this.#beginning !== undefined && left.includes(this.#beginning)) return this.#beginning;
    return preferred?.isHealthy && left.includes(preferred) ? preferred : chooseInstance(left);
  }

  async #at<T>(instance: Instance, work: (upstream: Upstream, instance: Instance) => Promise<T>): Promise<T> {
    const upstream = this.#upstreamOf(instance);
    instance.running += 1;
    if (this.#held === undefined && !instance.isStateless) this.#beginning = instance;
    try {
      const done = await work(upstream, instance);
      instance.answered();
      if (this.#held === undefined && upstream.ready && !instance.isStateless) this.#hold(instance);
      return done;
    } catch (thrown) {
      // A session may stand also where its first request failed.
      if (this.#held === undefined && upstream.ready && !instance.isStateless && !isUnreached(thrown)) {
        this.#hold(instance);
      }
      instance.failed(thrown);
      throw thrown;
    } finally {
      instance.running -= 1;
      if (this.#beginning === instance) this.#beginning = undefined;
    }
  }

  #upstreamOf(instance: Instance): Upstream {
    const known = this.#opened.get(instance);
    if (known !== undefined) return known;
    const opened = this.#options.open(instance, () => this.#onSessionLost(instance));
    this.#opened.set(instance, opened);
    opened.subscribe(notification => {
      if (this.#isUsed(instance)) for (const listener of this.#listeners) listener(notification);
    });
    if (this.#logLevel !== undefined) void opened.setLogLevel(this.#logLevel);
    return opened;
  }

  #isUsed(instance: Instance): boolean {
    return this.#held === undefined || this.#held === instance;
  }

  #hold(instance: Instance): void {
    this.#held = instance;
    instance.sessions += 1;
  }

  #release(): void {
    if (this.#held !== undefined) this.#held.sessions -= 1;
    this.#held = undefined;
  }

  #onSessionLost(instance: Instance): void {
    if (this.#held !== instance) return;
    this.#release();
    this.#isSessionLost = true;
    this.#lister = undefined;
    // What another instance offers may differ.
    if (this.#options.sessionLost === 'end') return;
    for (const listener of this.#listeners) {
      for (const kind of ['tools', 'prompts', 'resources']) listener({ method: `notifications/${kind}/list_changed` });
    }
  }

  #sessionFault(cause: unknown): Fault {
    const hint = `the instance of ${this.id} that the session was with cannot be reached: send \`initialize\` again`;
    return new Fault('session_unknown', { upstream: this.id, hint }, cause);
  }

  #noneLeft(last: unknown): unknown {
    if (last !== undefined && !isUnreached(last)) return last;
    // A full instance, or credentials that cannot be had, have faults of their own.
    if (last instanceof Fault && last.code !== 'upstream_unavailable') return last;
    const hint = `none of its ${this.#options.instances.length} instances can be reached`;
    return new Fault('upstream_unavailable', { upstream: this.id, retry_after_ms: this.#options.retryMs, hint }, last);
  }
}

/** Whether the server certainly did not act on a request, and another one may. */
const isUnreached = (thrown: unknown): boolean => {
  if (thrown instanceof SessionExpired) return true;
  if (!isUnsent(thrown) || !(thrown instanceof Fault)) return false;
  // Credentials that cannot be had for one instance cannot be had for another.
  return thrown.code === 'overloaded' || /^upstream_(?!auth|scope)/.test(thrown.code);
};
