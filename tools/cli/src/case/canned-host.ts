import { type CannedContext, type CannedSide, cannedCapabilities } from '@sallyport/host/canned';
import { type Capability, capabilities, type Facilities } from '@sallyport/host/capability';
import type { Caller, PluginDescriptor } from '@sallyport/host/contract';
import type { CaseHost } from './case-file.ts';
import { toContract, toPlain } from './contract-value.ts';
import { type Difference, difference, differencesOf } from './difference.ts';

/** The host of one case: real capabilities in the lane, backed by the answers that the case states. */
export class CannedHost {
  readonly #denied: readonly string[];
  readonly #sides: ReadonlyMap<string, CannedSide>;
  readonly #time: Float64Array;
  readonly #surprises: Difference[];

  /** Creates the host of a case. `tenant` is the tenant whose store holds the stated entries. */
  static async create(stated: CaseHost, plugin: string, tenant: string | undefined): Promise<CannedHost> {
    const time = new Float64Array(new SharedArrayBuffer(16));
    time[0] = Date.parse(stated.clock);
    const surprises: Difference[] = [];
    const context: CannedContext = {
      ...{ plugin, tenant, time, toPlain, toContract },
      matches: (expected, actual) => differencesOf(expected, actual, '').length === 0,
      unexpected: (path, use) => void surprises.push(difference(path, undefined, use)),
    };
    const sides = new Map<string, CannedSide>();
    for (const [name, canned] of Object.entries(cannedCapabilities))
      sides.set(name, await canned.open(stated, context));
    return new CannedHost(stated.denied, sides, time, surprises);
  }

  private constructor(
    denied: readonly string[],
    sides: ReadonlyMap<string, CannedSide>,
    time: Float64Array,
    surprises: Difference[],
  ) {
    this.#denied = denied;
    this.#sides = sides;
    this.#time = time;
    this.#surprises = surprises;
  }

  get capabilities(): readonly Capability[] {
    return capabilities.map(capability => {
      const { serve, hear } = this.#sides.get(capability.name) ?? {};
      return { ...capability, ...(serve && { serve: () => serve }), ...(hear && { hear: () => hear }) };
    });
  }

  /** Who calls, as far as the case states it. */
  get caller(): Caller {
    return Object.assign({}, ...[...this.#sides.values()].map(({ caller }) => caller));
  }

  /** Replaces the facilities of the gateway that the case provides. */
  facilities(real: Facilities): Facilities {
    return Object.assign({}, real, ...[...this.#sides.values()].map(({ facilities }) => facilities));
  }

  /** Returns the grants of a plugin: all capabilities it declares, except those the case denies. */
  grants({ required_capabilities, optional_capabilities }: PluginDescriptor): Readonly<Record<string, unknown>> {
    const declared = new Set([...required_capabilities, ...optional_capabilities]);
    return Object.fromEntries(
      capabilities
        .filter(({ name, always }) => always !== true && declared.has(name) && !this.#denied.includes(name))
        .map(({ name, grant }) => [name, this.#sides.get(name)?.grant ?? grant.parse({})]),
    );
  }

  /** Advances the clock by milliseconds. */
  pass(ms: number): void {
    for (const index of this.#time.keys()) this.#time[index] = (this.#time[index] ?? 0) + ms;
  }

  /** Returns what capabilities did since the last call of this function, as members of `expect`. */
  async came(tenant: string | undefined): Promise<Readonly<Record<string, unknown>>> {
    const parts = [...this.#sides.values()].map(async side => side.came?.(tenant));
    return Object.assign({}, ...(await Promise.all(parts)));
  }

  /** Returns the host calls without a matching answer since the last call of this function. */
  unexpected(): readonly Difference[] {
    return this.#surprises.splice(0);
  }

  /** Returns the answers that were not used. */
  unused(): readonly Difference[] {
    return [...this.#sides.values()]
      .flatMap(({ unused }) => unused?.() ?? [])
      .map(({ path, answer }) => difference(path, answer, undefined));
  }
}
