import { bounded, boundedMembers } from '../core/bounded.ts';
import { Fault, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';

/** An upstream whose last list request failed. */
export interface Missing {
  readonly upstream: string;
  readonly method: string;
  readonly code: string;
  /** When it first failed, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Logs why a binding shows less than its upstreams have, or shows it in a way that clients may not accept. A lasting
 * state is logged once, a recurring one once a minute.
 */
export interface ListWarnings {
  /** Reports a failed list request, or an upstream that was missing at `initialize`. `stale`: its last list is used. */
  leftOut(upstream: string, method: string, reason: unknown, stale: boolean): void;
  /** Reports that a list request succeeded. */
  isBack(upstream: string, method: string): void;
  /** Returns the lists that are currently left out or outdated. */
  missing(): readonly Missing[];
  /** Reports that several upstreams list the same URIs. */
  sharedUris(method: string, uris: readonly string[], upstreams: readonly string[]): void;
  /** Reports tools of an upstream that can only be called as tasks. */
  needTask(upstream: string, names: readonly string[]): void;
  /** Reports tool names that are, with their prefix, longer than many clients allow. */
  longNames(names: readonly string[]): void;
}

/** Limits of a tool name's length: more than `usual` is refused by widely used models, more than `most` by MCP. */
const nameLength = { usual: 64, most: 128 };
/** The milliseconds between two log lines about the same thing. */
const pause = 60_000;
/** The maximum number of remembered names and URIs. Beyond it, nothing more is logged. */
const mostTold = 1_000;
/** The maximum number of names and URIs in one line. */
const shown = 10;

export function createListWarnings(binding: string, log: Log, metrics: Metrics): ListWarnings {
  const counter = 'sallyport_lists_incomplete_total';
  const help = 'Lists and answers to initialize that lack an upstream, or contain an old list of it.';
  metrics.declare(counter, { type: 'counter', help });
  /** By upstream and method. Entries are kept after recovery, so that a flapping upstream is not logged each time. */
  const missing = new Map<string, Missing & { isBack: boolean; toldAt: number; more: number }>();
  const told = new Set<string>();
  const isNews = (key: string) => !told.has(key) && told.size < mostTold && told.add(key) !== undefined;

  return {
    leftOut(upstream, method, reason, stale) {
      const [fault = new Fault('internal')] = toFaults(reason);
      const { code, hint, details } = fault;
      metrics.series(counter, { binding, upstream, method, code }).add(1);
      const key = `${upstream} ${method}`;
      const now = Date.now();
      const last = missing.get(key);
      const since = last === undefined || last.isBack ? now : last.since;
      const isTold = last?.code === code && now < last.toldAt + pause;
      const [toldAt, more] = isTold ? [last.toldAt, last.more + 1] : [now, 0];
      missing.set(key, { upstream, method, code, since, isBack: false, toldAt, more });
      if (isTold) return;
      const before = last === undefined || last.more === 0 ? {} : { more_since_last: last.more };
      const what = stale ? 'using the last known list of an upstream' : 'leaving out an upstream';
      const about = { ...boundedMembers(details), binding, upstream, method, code, hint: bounded(hint) };
      log.warn({ ...about, ...before }, what);
    },
    isBack(upstream, method) {
      const last = missing.get(`${upstream} ${method}`);
      if (last !== undefined) last.isBack = true;
    },
    missing: () =>
      [...missing.values()].flatMap(({ upstream, method, code, since, isBack }) =>
        isBack ? [] : [{ upstream, method, code, since }],
      ),
    sharedUris(method, uris, upstreams) {
      const news = uris.filter(uri => isNews(`${method} ${uri}`));
      if (news.length === 0) return;
      const about = { binding, method, upstreams, count: news.length, uris: news.slice(0, shown) };
      log.warn(about, 'several upstreams list the same URIs: each is listed once, and read from the first of them');
    },
    needTask(upstream, names) {
      const news = names.filter(name => isNews(`task ${upstream} ${name}`));
      if (news.length === 0) return;
      const about = { binding, upstream, count: news.length, names: news.slice(0, shown) };
      log.warn(about, 'leaving tools out of the list: they run only as tasks, which are not supported');
    },
    longNames(names) {
      for (const [limit, what] of [
        [nameLength.most, 'names of tools are longer than MCP allows'],
        [nameLength.usual, 'names of tools are longer than many clients allow'],
      ] as const) {
        const news = names.filter(name => name.length > limit && isNews(`name ${name}`));
        if (news.length === 0) continue;
        const hint = 'with several upstreams, they begin with the id of their upstream: choose a shorter id';
        log.warn({ binding, limit, count: news.length, names: news.slice(0, shown), hint }, what);
      }
    },
  };
}
