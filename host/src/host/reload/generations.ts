import type { Log } from '../../core/log.ts';
import type { Generation } from '../generation.ts';

/** An earlier generation that requests still use. */
interface Draining {
  readonly generation: Generation;
  /** Whether it waits for requests, and is not being closed. */
  readonly isWaiting: boolean;
  /** Closes it, whether or not requests still use it. Never rejects. */
  close(): Promise<void>;
}

/** How many sets of lanes, and how many pools of one upstream, may wait for the requests of earlier generations. */
const mostWaiting = 8;

/** What the requests of a generation that is replaced leave behind. */
export interface Replaced {
  /** Resolves when the last request that can use the generation has ended. */
  readonly ended: Promise<unknown>;
  /** Must be called then. */
  retire(): void;
  /** Called when everything is closed that no other generation has. */
  closed(): void;
}

/** The generation that new requests use, and earlier ones until their last request ends. Disposing closes all. */
export class Generations implements AsyncDisposable {
  readonly #log: Log;
  readonly #draining = new Set<Draining>();
  #current: Generation;
  #number = 1;

  constructor(first: Generation, log: Log) {
    this.#current = first;
    this.#log = log;
  }

  get current(): Generation {
    return this.#current;
  }

  /** Counts the generations since the start, which is the first. */
  get number(): number {
    return this.#number;
  }

  /** Lists the generation of new requests, and those that requests still use. */
  all(): readonly Generation[] {
    return [this.#current, ...[...this.#draining].map(({ generation }) => generation)];
  }

  /** The number of earlier generations that requests still use. */
  get draining(): number {
    return this.#draining.size;
  }

  /**
   * Makes this the generation of new requests. The one before is closed after its last request, or when a request can
   * hardly be running any more.
   */
  replace(next: Generation, { ended, retire, closed }: Replaced): void {
    const before = this.#current;
    const number = this.#number;
    this.#current = next;
    this.#number += 1;
    const longest = Promise.withResolvers<void>();
    const ms = longestRequestMs(before);
    const timer = setTimeout(() => {
      this.#log.warn(
        { generation: number, waited_ms: ms },
        'closing what requests of an earlier configuration still use',
      );
      longest.resolve();
    }, ms).unref();
    let closing: Promise<void> | undefined;
    const draining: Draining = {
      generation: before,
      get isWaiting() {
        return closing === undefined;
      },
      close: () => {
        closing ??= (async () => {
          clearTimeout(timer);
          try {
            retire();
            await before[Symbol.asyncDispose]();
          } catch (error) {
            this.#log.error({ generation: number, error }, 'could not close all of an earlier configuration');
          } finally {
            this.#draining.delete(draining);
            closed();
          }
        })();
        return closing;
      },
    };
    this.#draining.add(draining);
    void Promise.race([ended, longest.promise]).then(() => draining.close());
    this.#closeOldest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#draining].map(each => each.close()));
    await this.#current[Symbol.asyncDispose]();
  }

  /** Closes the oldest generation while too many lanes or upstreams wait for requests that do not end. */
  #closeOldest(): void {
    const served = new Set(partsOf(this.#current).map(([, part]) => part));
    const waiting = new Map<string, Set<object>>();
    // Those that are being closed end soon, without anything being taken from a request.
    const waits = [...this.#draining].filter(({ isWaiting }) => isWaiting);
    for (const { generation } of waits) {
      for (const [name, part] of partsOf(generation)) {
        if (!served.has(part)) waiting.set(name, (waiting.get(name) ?? new Set()).add(part));
      }
    }
    if (![...waiting.values()].some(({ size }) => size > mostWaiting)) return;
    const [oldest] = waits;
    if (oldest === undefined) return;
    const about = { earlier: waits.length };
    this.#log.warn(about, 'closing the oldest of many earlier configurations, although requests still use it');
    void oldest.close();
  }
}

/** Lists what a generation has that is dear to keep. Parts of one name replace each other. */
const partsOf = ({ plugins, upstreams }: Generation): readonly (readonly [name: string, part: object])[] => [
  ['lanes', plugins.lanes],
  ...upstreams.all().map(each => [`upstream ${each.id}`, each] as const),
];

/** Returns how long a request may take in all. */
function longestRequestMs({ config: { limits, upstreams } }: Generation): number {
  const usual = limits.max_request_timeout_ms ?? Math.max(600_000, limits.request_timeout_ms);
  const stated = upstreams.flatMap(each => [each.max_timeout_ms ?? 0, each.timeout_ms ?? 0]);
  return Math.min(Math.max(usual, ...stated) + limits.drain_ms, 2 ** 31 - 1);
}
