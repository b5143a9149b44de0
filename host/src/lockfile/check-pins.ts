import type { PluginConfig, SourceConfig } from '../config/config.ts';
import type { VerifiedArtifact } from '../contract/artifact.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { Fault, Faults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Lockfile, Pin } from './lockfile.ts';
import { pinnedSource, pinOf } from './pin.ts';
import { type Difference, differences } from './pin-difference.ts';
import { highest, isBelow } from './version-mark.ts';

/** How the loading of plugins uses a lockfile. */
export interface Lock {
  /** Returns where to fetch the plugin from: for a pinned plugin, exactly what is pinned. */
  sourceOf(entry: PluginConfig): SourceConfig;
  /** Checks a verified plugin before anything is granted or compiled. @throws Faults */
  check(entry: PluginConfig, artifact: VerifiedArtifact, imports: readonly string[]): void;
  /** Returns what `check` compares a plugin with, as text: a plugin that passed needs no other check while it is the same. */
  comparedWith?(entry: PluginConfig): string;
}

interface LockOptions {
  /** Undefined when there is no lockfile. */
  readonly held: Lockfile | undefined;
  /** The folder of the lockfile. Paths in it are relative to it. */
  readonly folder: string;
  /** The configuration as the command line named it, for hints that can be copied. */
  readonly config: string;
  readonly allowDowngrade: boolean;
}

/**
 * Creates the lock of a start: pinned plugins must match their pins, and others may be used unless `frozen`.
 * `check` throws Faults of `lock_mismatch`, `version_rollback`.
 * @throws Faults of `lock_frozen`
 */
export function honourLock(
  { held, folder, config, allowDowngrade }: LockOptions,
  on: { plugins: readonly PluginConfig[]; frozen: boolean; log: Log },
): Lock {
  const ids = on.plugins.map(({ id }) => id);
  const unpinned = ids.filter(id => held?.plugins.has(id) !== true);
  if (on.frozen) requireExactly(held, ids, unpinned);
  if (held === undefined && ids.length > 0) {
    on.log.info({ hint: `run \`${lockCommand(config)}\`` }, 'no lockfile found: nothing is pinned');
  } else if (unpinned.length > 0) {
    on.log.warn({ plugins: unpinned, hint: `run \`${lockCommand(config)}\`` }, 'these plugins are not in the lockfile');
  }
  return {
    sourceOf: ({ id, source }) => {
      const pin = held?.plugins.get(id);
      return pin === undefined ? source : pinnedSource(source, pin, folder);
    },
    comparedWith: ({ id }) =>
      canonicalJson({ pin: held?.plugins.get(id), mark: held?.marks.get(id), folder, allowDowngrade }),
    check(entry, artifact, imports) {
      const { id } = entry;
      const found = pinOf(entry, artifact, imports, folder);
      const pin = held?.plugins.get(id);
      const changes = pin === undefined ? [] : differences(pin, found);
      const faults =
        changes.length === 0 ? [] : [new Fault('lock_mismatch', { ...approval(id, config), ...linesOf(changes) })];
      throwAll([...faults, ...(allowDowngrade ? [] : rollback(id, found, held))]);
    },
  };
}

/** @throws Faults of `lock_frozen` */
function requireExactly(held: Lockfile | undefined, ids: readonly string[], unpinned: readonly string[]): void {
  if (held === undefined) throw new Fault('lock_frozen', { what: 'no lockfile found' });
  const stale = [...held.plugins.keys()].filter(id => !ids.includes(id));
  throwAll([
    ...unpinned.map(plugin => new Fault('lock_frozen', { plugin, what: 'it is not in the lockfile' })),
    ...stale.map(
      plugin => new Fault('lock_frozen', { plugin, what: 'it is in the lockfile but not in the configuration' }),
    ),
  ]);
}

/** What `sallyport lock` did with one plugin. */
export interface Pinned {
  readonly plugin: string;
  readonly pin: Pin;
  readonly change: 'new' | 'updated' | 'unchanged';
  readonly differences: readonly string[];
}

/** A lock that records what it checks, within what was approved. */
export interface LockUpdate extends Lock {
  /** Returns the new lockfile, with all plugins that were checked. */
  result(): Lockfile;
  /** Returns what was done, in the order of the ids. */
  pinned(): readonly Pinned[];
}

/**
 * Creates the lock of `sallyport lock`: tags are resolved again, and updates that ask for nothing more are accepted.
 * `check` throws Faults of `lock_unapproved`, `version_rollback`; ids in `approved` may ask for more.
 */
export function updateLock(
  { held, folder, config, allowDowngrade }: LockOptions,
  approved: ReadonlySet<string>,
): LockUpdate {
  const taken = new Map<string, Pinned>();
  const pinned = () => [...taken.values()].toSorted((one, other) => (one.plugin < other.plugin ? -1 : 1));
  return {
    sourceOf: ({ source }) => source,
    check(entry, artifact, imports) {
      const plugin = entry.id;
      const pin = pinOf(entry, artifact, imports, folder);
      const before = held?.plugins.get(plugin);
      const changes = before === undefined ? [] : differences(before, pin);
      const unapproved = !approved.has(plugin) && changes.some(({ more }) => more);
      throwAll([
        ...(unapproved
          ? [new Fault('lock_unapproved', { ...approval(plugin, config), ...linesOf(changes, true) })]
          : []),
        ...(allowDowngrade ? [] : rollback(plugin, pin, held)),
      ]);
      const change = before === undefined ? 'new' : changes.length > 0 ? 'updated' : 'unchanged';
      taken.set(plugin, { plugin, pin, change, ...linesOf(changes) });
    },
    pinned,
    result() {
      const marks = new Map(held?.marks);
      for (const { plugin, pin } of pinned()) marks.set(plugin, highest(pin, marks.get(plugin)));
      return { plugins: new Map(pinned().map(({ plugin, pin }) => [plugin, pin])), marks };
    },
  };
}

/** Refuses a version below the highest that was pinned, unless it is the pinned one. */
function rollback(plugin: string, found: Pin, held: Lockfile | undefined): readonly Fault[] {
  const mark = held?.marks.get(plugin);
  if (mark === undefined || !isBelow(found, mark) || held?.plugins.get(plugin)?.digest === found.digest) return [];
  const named = ({ version, sequence }: { version: string; sequence?: number | undefined }) =>
    sequence === undefined ? version : `${version}, sequence ${sequence}`;
  return [new Fault('version_rollback', { plugin, found: named(found), highest: named(mark) })];
}

const linesOf = (changes: readonly Difference[], marked = false) => ({
  differences: changes.map(({ line, more }) => (marked && more ? `${line}   (asks for more)` : line)),
});

const approval = (plugin: string, config: string) => ({
  plugin,
  hint: `if you agree with every line, run \`${lockCommand(config)} --approve ${plugin}\``,
});

/** Returns the command to type for this configuration; the default one needs no `-c`. */
function lockCommand(config: string): string {
  if (config === 'sallyport.yaml') return 'sallyport lock';
  return `sallyport lock -c ${/^[\w./-]+$/.test(config) ? config : `'${config.replaceAll("'", "'\\''")}'`}`;
}

function throwAll(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new Faults(faults);
}
