import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../core/fault.ts';

/** Keeps one connection: made on first need, and again on the next need after it was lost. */
export interface Connector<C> {
  /** The standing connection, if any. */
  readonly current: C | undefined;
  /** The standing connection, or a new one. Callers of one moment share the attempt. */
  get(): Promise<C>;
  /** Says that `connection` is no longer good. Later words about it are ignored. */
  lost(connection: C): void;
  /** Says that the connection does its work: the next loss counts as the first one. */
  proven(): void;
}

/** A first new try comes at once, the ones after it later and later. Milliseconds. */
const backOff = { first: 250, most: 30_000, patience: 1_000 };

/**
 * @param connect makes one connection
 * @param signal ends waiting, and with it the attempt
 * @throws Fault `upstream_unavailable` from `get` when the back-off asks for more patience than a request has
 */
export function createConnector<C>(upstream: string, connect: () => Promise<C>, signal: AbortSignal): Connector<C> {
  let current: C | undefined;
  let attempt: Promise<C> | undefined;
  let failures = 0;
  let notBefore = 0;
  let lastFailure: unknown;

  const failed = (reason: unknown) => {
    failures += 1;
    lastFailure = reason;
    notBefore = failures < 2 ? 0 : Date.now() + Math.min(backOff.first * 2 ** (failures - 2), backOff.most);
  };

  const open = async () => {
    const wait = notBefore - Date.now();
    if (wait > backOff.patience) {
      const hint = `it failed ${failures} times in a row; the next try comes in ${Math.ceil(wait / 1_000)} s`;
      return fail('upstream_unavailable', { upstream, hint }, lastFailure);
    }
    if (wait > 0) await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    try {
      current = await connect();
      return current;
    } catch (reason) {
      failed(reason);
      throw reason;
    }
  };

  return {
    get current() {
      return current;
    },
    get() {
      if (current !== undefined) return Promise.resolve(current);
      attempt ??= open().finally(() => {
        attempt = undefined;
      });
      return attempt;
    },
    lost(connection) {
      if (connection !== current) return;
      current = undefined;
      failed(undefined);
    },
    proven() {
      failures = 0;
      notBefore = 0;
    },
  };
}
