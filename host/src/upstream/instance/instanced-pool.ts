import type { Principal } from '../../identity/principal.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import type { Instance } from './instance.ts';
import { InstancedUpstream, type SessionLoss } from './instanced-upstream.ts';

export interface InstancedPoolOptions {
  readonly id: string;
  readonly instances: readonly Instance[];
  readonly credentialHeader: string | undefined;
  readonly sessionLost: SessionLoss;
  /** Milliseconds after which a client may try again if no instance can be reached. */
  readonly retryMs: number;
  /** Whether each user has credentials, and so connections, of their own. */
  readonly isPerCaller: boolean;
  onFailover(to: Instance): void;
  /** Closed after the instances, which share them. */
  readonly closes?: AsyncDisposable | undefined;
}

/** The connections with several servers that do the same, of all callers or of one. */
export class InstancedPool implements UpstreamPool {
  readonly id: string;
  readonly #options: InstancedPoolOptions;
  /** Returns the connections with one instance. */
  readonly #poolOf: (instance: Instance) => UpstreamPool;
  readonly #isWhole: boolean;
  readonly #clients = new Set<InstancedUpstream>();
  #commonClient: InstancedUpstream | undefined;

  /** @param caller whose connections these are; without it, those of all callers */
  constructor(options: InstancedPoolOptions, caller?: Principal) {
    this.id = options.id;
    this.#options = options;
    this.#isWhole = caller === undefined;
    this.#poolOf = caller === undefined ? ({ pool }) => pool : ({ pool }) => pool.for(caller);
    // The checks have no user whose credentials they could send.
    if (caller === undefined && !options.isPerCaller) for (const each of options.instances) each.startChecks();
  }

  /** Connects all instances, and resolves as soon as one is connected. @throws Fault of the last one */
  async start(signal?: AbortSignal): Promise<void> {
    try {
      await Promise.any(this.#pools.map(pool => pool.start(signal)));
    } catch (thrown) {
      throw thrown instanceof AggregateError ? thrown.errors.at(-1) : thrown;
    }
  }

  get ready(): boolean {
    return this.#pools.some(({ ready }) => ready);
  }

  get lastFailure(): ConnectFailure | undefined {
    if (this.ready) return undefined;
    return this.#pools.map(({ lastFailure }) => lastFailure).find(failure => failure !== undefined);
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#pools.map(({ serverInfo }) => serverInfo).find(info => info !== undefined);
  }

  get wasReached(): boolean {
    return this.#pools.some(({ wasReached }) => wasReached);
  }

  for(caller: Principal): UpstreamPool {
    if (this.#options.isPerCaller) return new InstancedPool(this.#options, caller);
    for (const pool of this.#pools) pool.for(caller);
    return this;
  }

  get common(): Upstream | undefined {
    // The connections of one caller end when its last client leaves, so nothing may stay open in them.
    if (!this.#isWhole || !this.#pools.some(({ common }) => common !== undefined)) return undefined;
    this.#commonClient ??= this.#client();
    return this.#commonClient;
  }

  open(isListening?: () => boolean): Upstream {
    return this.#client(isListening);
  }

  checkRoom(): void {
    let last: unknown;
    for (const pool of this.#pools) {
      try {
        pool.checkRoom();
        return;
      } catch (thrown) {
        last = thrown;
      }
    }
    throw last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients].map(client => client[Symbol.asyncDispose]()));
    if (!this.#isWhole) return;
    await Promise.all(this.#options.instances.map(instance => instance[Symbol.asyncDispose]()));
    await this.#options.closes?.[Symbol.asyncDispose]();
  }

  get #pools(): readonly UpstreamPool[] {
    return this.#options.instances.map(instance => this.#poolOf(instance));
  }

  #client(isListening?: () => boolean): InstancedUpstream {
    const { id, instances, sessionLost, retryMs, onFailover, credentialHeader } = this.#options;
    const client: InstancedUpstream = new InstancedUpstream(
      {
        ...{ id, instances, sessionLost, retryMs, onFailover },
        open: (instance, onSessionLost) => this.#poolOf(instance).open(isListening, onSessionLost),
        onClose: () => void this.#clients.delete(client),
      },
      credentialHeader,
    );
    this.#clients.add(client);
    return client;
  }
}
