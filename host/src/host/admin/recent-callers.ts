import type { PrincipalEntry } from '../../admin/answer/caller.ts';
import { type Principal, principalKey } from '../../identity/principal.ts';

/** The callers that are kept. */
const most = 1_000;

interface Seen {
  readonly principal: Principal;
  /** Milliseconds since the epoch. */
  last: number;
  requests: number;
}

/** Keeps the latest callers in memory. */
export class RecentCallers {
  readonly #seen = new Map<string, Seen>();

  /** Must be called when a request of a caller has ended. */
  add(principal: Principal): void {
    const key = principalKey(principal);
    const known = this.#seen.get(key);
    if (known !== undefined) {
      known.last = Date.now();
      known.requests += 1;
      return;
    }
    if (this.#seen.size >= most) this.#forgetOldest();
    this.#seen.set(key, { principal, last: Date.now(), requests: 1 });
  }

  /** Returns the callers, the most recent first. @param running the callers of the requests that run */
  list(running: readonly Principal[]): readonly PrincipalEntry[] {
    const counts = new Map<string, number>();
    for (const principal of running) {
      const key = principalKey(principal);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...this.#seen]
      .toSorted(([, one], [, other]) => other.last - one.last)
      .map(
        ([
          key,
          {
            principal: { scheme, tenant, subject },
            last,
            requests,
          },
        ]) => ({
          scheme,
          ...(tenant !== undefined && { tenant }),
          ...(subject !== undefined && { subject }),
          last_seen: new Date(last).toISOString(),
          requests,
          running: counts.get(key) ?? 0,
        }),
      );
  }

  /** Forgets the older half at once, so that a new caller rarely costs a look at all of them. */
  #forgetOldest(): void {
    const oldest = [...this.#seen].toSorted(([, one], [, other]) => one.last - other.last).slice(0, most / 2);
    for (const [key] of oldest) this.#seen.delete(key);
  }
}
