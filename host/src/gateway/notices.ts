import { bounded, boundedMembers } from '../core/bounded.ts';
import { Fault, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';

/** An upstream that could not be asked for a list the last time. */
export interface Missing {
  readonly upstream: string;
  readonly method: string;
  readonly code: string;
  /** When it was missing first, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Tells the operator why a binding shows less than its upstreams have, or shows it in a way that clients may not take.
 * What stays so is told once, what happens again and again once a minute.
 */
export interface Notices {
  /** An upstream could not be asked for a list, or was not there for `initialize`. `stale`: the last one that it sent stands in for it. */
  leftOut(upstream: string, method: string, reason: unknown, stale: boolean): void;
  /** It could be asked. */
  isBack(upstream: string, method: string): void;
  /** What is left out, or represented by an old list, at present. */
  missing(): readonly Missing[];
  /** Several upstreams list the same uris. */
  sharedUris(method: string, uris: readonly string[], upstreams: readonly string[]): void;
  /** Tools of an upstream can only be called as tasks. */
  needTask(upstream: string, names: readonly string[]): void;
  /** Behind their prefix, names of tools are longer than many clients allow. */
  longNames(names: readonly string[]): void;
}

/** Characters in the name of a tool: more than `usual` is refused by widely used models, more than `most` by MCP. */
const nameLength = { usual: 64, most: 128 };
/** Milliseconds between two lines about the same. */
const pause = 60_000;
/** Names and uris that are known to have been told. When there are more, nothing further is told. */
const mostTold = 1_000;
/** Names and uris in one line. */
const shown = 10;

export function createNotices(binding: string, log: Log, metrics: Metrics): Notices {
  const counter = 'sallyport_lists_incomplete_total';
  const help = 'Lists and answers to initialize that lack an upstream, or contain an old list of it.';
  metrics.declare(counter, { type: 'counter', help });
  /** By upstream and method. Kept when it is back, so that what comes and goes is not told each time. */
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
