import type { RequestState } from '../contract/hook-call.ts';
import type { Conflict } from './merge-parallel-changes.ts';

type Entries = ReadonlyMap<string, string>;

/** The state after one plugin of a band. */
export interface StateVersion {
  readonly plugin: string;
  /** Undefined if the plugin did not change it. */
  readonly state: RequestState | undefined;
  /** Whether what it set for all counts: not if its call failed. */
  readonly isShared: boolean;
}

/** Returns the first shared key that several plugins set to different values, for each of them by its index. */
export function sharedConflicts(
  base: RequestState | undefined,
  versions: readonly StateVersion[],
): ReadonlyMap<number, Conflict> {
  const writers = new Map<string, Map<number, string>>();
  for (const [index, { state, isShared }] of versions.entries()) {
    if (!isShared) continue;
    for (const [key, value] of writesOf(base, state)) {
      const known = writers.get(key) ?? new Map<number, string>();
      writers.set(key, known.set(index, value));
    }
  }
  const conflicts = new Map<number, Conflict>();
  for (const [path, values] of writers) {
    if (new Set(values.values()).size < 2) continue;
    const conflict = { path, versions: [...values.keys()] };
    for (const index of conflict.versions) if (!conflicts.has(index)) conflicts.set(index, conflict);
  }
  return conflicts;
}

/**
 * Merges the states after the plugins of a band: what each set for itself, and what it set for all. A plugin that `counts`
 * excludes sets nothing for all. Returns `base` itself if no plugin changed it.
 */
export function mergeStates(
  base: RequestState | undefined,
  versions: readonly StateVersion[],
  counts: (index: number) => boolean,
): RequestState | undefined {
  if (versions.every(({ state }) => state === undefined)) return base;
  const local = new Map(base?.local);
  const shared = new Map(base?.shared);
  for (const [index, { plugin, state, isShared }] of versions.entries()) {
    const own = state?.local.get(plugin);
    if (own !== undefined) local.set(plugin, own);
    if (isShared && counts(index)) for (const [key, value] of writesOf(base, state)) shared.set(key, value);
  }
  return { local, shared };
}

/** Returns the shared entries that differ from those before. No plugin can remove one. */
const writesOf = (base: RequestState | undefined, state: RequestState | undefined): Entries =>
  new Map([...(state?.shared ?? [])].filter(([key, value]) => base?.shared.get(key) !== value));
