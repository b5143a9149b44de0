import type { HookCall } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { HookedPlugin } from './hook-chain.ts';

/** Consecutive plugins that are called with one trip to the lanes, and the calls to make there. */
export interface Hop {
  /** The index of the first plugin among those of the hook. */
  readonly from: number;
  readonly plugins: readonly HookedPlugin[];
  readonly calls: readonly HookCall[];
}

/** The plugins of a chain that have one hook, in order, and the hops over them. */
export class HookPlan {
  readonly plugins: readonly HookedPlugin[];
  readonly #hops = new Map<number, Hop>();

  constructor(plugins: readonly HookedPlugin[]) {
    this.plugins = plugins;
  }

  /** Whether any plugin is called. */
  get isActive(): boolean {
    return this.plugins.some(({ health }) => !health.isDisabled);
  }

  /**
   * Returns the next hop from the plugin at `place`; undefined at the end of the chain. Disabled plugins are left out.
   *
   * Plugins of one hop see the same value, so it ends where the plugins differ in whether they see bytes. The value
   * before a plugin whose invalid output does not block must be known, so that plugin gets a hop of its own; so does
   * one that is held back, because it is skipped.
   */
  hopFrom(place: number, hasBlobs: () => boolean): Hop | undefined {
    const from = this.plugins.findIndex(({ health }, at) => at >= place && !health.isDisabled);
    const first = this.plugins[from];
    if (first === undefined) return undefined;
    if (standsAlone(first)) return this.#hop(from, from + 1);
    const end = this.plugins.findIndex(
      (plugin, at) =>
        at > from &&
        (plugin.health.isDisabled || standsAlone(plugin) || (plugin.seesBlobs !== first.seesBlobs && hasBlobs())),
    );
    return this.#hop(from, end === -1 ? this.plugins.length : end);
  }

  /** Returns the same object for the same hop, so that lanes recognise its list of calls and are sent only a number. */
  #hop(from: number, end: number): Hop {
    const key = from * (this.plugins.length + 1) + end;
    const known = this.#hops.get(key);
    if (known !== undefined) return known;
    const plugins = this.plugins.slice(from, end);
    const made = { from, plugins, calls: plugins.map(callOf) };
    this.#hops.set(key, made);
    return made;
  }
}

const standsAlone = ({ onError, health }: HookedPlugin) => onError.invalid_output !== 'deny' || health.isHeldBack;

const callOf = ({ id, onError }: HookedPlugin): HookCall => ({
  plugin: id,
  stopOnBlock: true,
  stopOnFailure: Object.values(onError).includes('deny'),
});

/** The plugins of one binding by hook, in the order in which they run. Compiled once per chain. */
export class Plan {
  readonly plugins: readonly HookedPlugin[];
  readonly #byHook = new Map<HookName, HookPlan>();

  constructor(plugins: readonly HookedPlugin[]) {
    this.plugins = plugins.toSorted((one, other) => one.priority - other.priority);
    for (const hook of new Set(plugins.flatMap(each => [...each.hooks]))) {
      this.#byHook.set(hook, new HookPlan(this.plugins.filter(({ hooks }) => hooks.has(hook))));
    }
  }

  /** Returns the plugins of a hook; undefined if there are none. */
  of(hook: HookName): HookPlan | undefined {
    return this.#byHook.get(hook);
  }
}
