import { randomUUID } from 'node:crypto';
import type { UpstreamConfig } from '../config/config.ts';
import { bounded } from '../core/bounded.ts';
import { Fault, Faults, toFault, toFaults } from '../core/fault.ts';
import { type Log, silentLog } from '../core/log.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { BlockData } from '../hook/hook-chain.ts';
import { CheckedPool } from '../upstream/checked/checked-pool.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import { FederationListCheck, type FederationPlugins } from './federation-list-check.ts';
import { joiningServer, type Registrant } from './joining-server.ts';
import { registeredServer } from './registered-server.ts';

export interface FederationOptions {
  /** Returns the plugins that are loaded now. */
  readonly plugins: () => FederationPlugins;
  /** See `limits.list_ms`. */
  readonly listMs: number;
  readonly mask: SecretMask;
  readonly log: Log;
}

/** An upstream that joins. */
export interface Joining {
  readonly entry: UpstreamConfig;
  /** The ids of the bindings that offer it. */
  readonly bindings: readonly string[];
}

/** How many upstreams that join are asked about at the same time: a call that waits for others could be too late. */
const mostAsked = 8;

/**
 * Asks the plugins of `federation` about upstreams that join, and about the lists of those that have joined. Without such
 * plugins it does nothing. Disposing ends what it does beside requests.
 */
export class Federation implements AsyncDisposable {
  readonly #options: FederationOptions;
  readonly #check: FederationListCheck;
  readonly #closing = new AbortController();
  readonly #checked = new Map<UpstreamPool, CheckedPool>();
  /** Ends the reports about upstreams that have not been reached yet. */
  readonly #reporting = new Map<UpstreamPool, AbortController>();

  constructor(options: FederationOptions) {
    this.#options = options;
    this.#check = new FederationListCheck(options.plugins, options.log);
  }

  /**
   * Asks whether upstreams may join, before they are opened: those that are new, and those that changed.
   * @param by the plugins that decide, if they are not those that are loaded now
   * @throws Faults `registration_blocked` of all upstreams that may not
   */
  async admit(all: readonly Joining[], registrant: Registrant, by = this.#options.plugins()): Promise<void> {
    const { chain } = by;
    if (!chain.handles('server_pre_register')) return;
    const refusal = async ({ entry, bindings }: Joining): Promise<readonly Fault[]> => {
      const server = joiningServer(entry, bindings, registrant, this.#options.mask);
      try {
        const blocked = await chain.preRegister({ requestId: randomUUID(), upstream: entry.id }, server);
        return blocked === undefined ? [] : [refusalOf(entry.id, blocked)];
      } catch (error) {
        return toFaults(error);
      }
    };
    const faults: Fault[] = [];
    for (let next = 0; next < all.length; next += mostAsked) {
      const refusals = await Promise.all(all.slice(next, next + mostAsked).map(refusal));
      faults.push(...refusals.flat());
    }
    if (faults.length > 0) throw new Faults(faults);
  }

  /**
   * Returns the connections with an upstream, behind checks of its lists if plugins have hooks for lists: the same object
   * for the same connections, until `release`.
   * @param by the plugins that may have them, if they are not those that are loaded now
   */
  checked(pool: UpstreamPool, by = this.#options.plugins()): UpstreamPool {
    if (!by.chain.handles('federation_pre_sync', 'federation_post_sync')) return pool;
    const known = this.#checked.get(pool) ?? new CheckedPool(pool, { ...this.#options, check: this.#check });
    this.#checked.set(pool, known);
    return known;
  }

  /** Checks known lists again, because other plugins decide from now on. It waits for nothing. */
  checkAgain(): void {
    for (const pool of this.#checked.values()) pool.checkAgain();
  }

  /** Ends the checks and reports of connections that are about to be closed. */
  async release(pool: UpstreamPool): Promise<void> {
    this.#reporting.get(pool)?.abort();
    this.#reporting.delete(pool);
    const known = this.#checked.get(pool);
    this.#checked.delete(pool);
    await known?.[Symbol.asyncDispose]();
  }

  /** Reports an upstream that has joined to the plugins, as soon as it was reached. It waits for nothing. */
  registered(joined: Joining, pool: UpstreamPool, registrant: Registrant): void {
    if (!this.#options.plugins().chain.handles('server_post_register')) return;
    const ends = this.#reporting.get(pool) ?? new AbortController();
    this.#reporting.set(pool, ends);
    const signal = AbortSignal.any([this.#closing.signal, ends.signal]);
    void this.#report(joined, pool, registrant, signal).catch(error => {
      if (signal.aborted) return;
      const { code, hint } = toFault(error);
      const about = { upstream: pool.id, code, hint: bounded(hint) };
      this.#options.log.warn(about, 'the plugins of `federation` did not see that an upstream joined');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#checked.keys()].map(pool => this.release(pool)));
  }

  async #report(
    { entry, bindings }: Joining,
    pool: UpstreamPool,
    registrant: Registrant,
    signal: AbortSignal,
  ): Promise<void> {
    // Another attempt already logs that it cannot be reached.
    await reachUpstream(pool, silentLog(), signal);
    if (signal.aborted) return;
    const server = joiningServer(entry, bindings, registrant, this.#options.mask);
    const registered = await registeredServer(server, this.checked(pool));
    await this.#options.plugins().chain.postRegister({ requestId: randomUUID(), upstream: entry.id }, registered);
  }
}

function refusalOf(upstream: string, { plugin, ...violation }: BlockData): Fault {
  const { code, reason } = violation;
  return new Fault('registration_blocked', { upstream, plugin, what: bounded(`${code}: ${reason}`), violation });
}
