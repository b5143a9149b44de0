import type { HookCall } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { HookSubject } from './condition.ts';
import type { HookedPlugin } from './hook-chain.ts';

/** Plugins that are called with one trip to the lanes, and the calls to make there. */
export interface Hop {
  /** The indexes of its plugins among those of the hook, ascending. */
  readonly places: readonly number[];
  readonly plugins: readonly HookedPlugin[];
  readonly calls: readonly HookCall[];
  /** Present if the plugins run at the same time: the hop of each one. */
  readonly members?: readonly Hop[];
}

/** The number of hops that a plan keeps. Conditions can lead to as many as there are subsets of the plugins. */
const mostHops = 1_000;

/** A plugin in shadow. It sees the value that the plugin at `place` sees, or the last one. */
export interface Shadow {
  readonly place: number;
  readonly plugin: HookedPlugin;
  /** The trip to the lanes that calls it alone. */
  readonly hop: Hop;
}

/** The plugins of a chain that have one hook, in order, and the hops over them. */
export class HookPlan {
  /** The plugins whose outcomes count. */
  readonly plugins: readonly HookedPlugin[];
  /** The plugins in shadow, by place. */
  readonly shadows: readonly Shadow[];
  /** Whether any plugin has conditions. */
  readonly isConditional: boolean;
  readonly #hasBands: boolean;
  /** Whether each plugin gets a hop of its own, so that the value between two of them is known. */
  readonly #isStepwise: boolean;
  readonly #hops = new Map<string | number, Hop>();

  constructor(plugins: readonly HookedPlugin[], isStepwise: boolean) {
    this.#isStepwise = isStepwise;
    this.plugins = plugins.filter(({ mode }) => mode !== 'shadow');
    this.shadows = shadowsOf(plugins);
    this.isConditional = plugins.some(({ matches }) => matches !== undefined);
    this.#hasBands = plugins.some(({ isInBand }) => isInBand === true);
  }

  /** Whether any plugin is called whose outcome counts. @param about undefined if it is not known yet */
  isActive(about: HookSubject | undefined): boolean {
    return this.plugins.some(plugin => isCalled(plugin, about));
  }

  /** Whether any plugin in shadow is called. @param about undefined if it is not known yet */
  isShadowed(about: HookSubject | undefined): boolean {
    return this.shadows.some(({ plugin }) => isCalled(plugin, about));
  }

  /**
   * Returns the next hop from the plugin at `place`; undefined at the end of the chain. Disabled plugins, and plugins
   * whose conditions do not match, are left out.
   *
   * Plugins of one hop see the same value, so it ends where the plugins differ in whether they see bytes. The value
   * before a plugin whose invalid output does not block must be known, so that plugin gets a hop of its own; so does
   * one that is held back, because it is skipped. The plugins of a band get a hop each, to run at the same time. A hop
   * ends before the place of a plugin in shadow, so that the value there is known.
   * @param about required if the plan is conditional
   */
  hopFrom(place: number, hasBlobs: () => boolean, about?: HookSubject): Hop | undefined {
    const places: number[] = [];
    let first: HookedPlugin | undefined;
    for (let at = place; at < this.plugins.length; at += 1) {
      const plugin = this.plugins[at];
      if (first !== undefined && this.shadows.length > 0 && this.#hasShadowAt(at, about)) break;
      if (plugin === undefined || !isCalled(plugin, about)) continue;
      const band = this.#hasBands ? this.#bandFrom(at, about) : [];
      if (band.length > 1 && first !== undefined) break;
      if (band.length > 1) return this.#band(band);
      if (first !== undefined && this.#standsAlone(plugin)) break;
      if (first !== undefined && plugin.seesBlobs !== first.seesBlobs && hasBlobs()) break;
      first ??= plugin;
      places.push(at);
      if (this.#standsAlone(first)) break;
    }
    return places.length === 0 ? undefined : this.#hop(places);
  }

  #hasShadowAt(place: number, about: HookSubject | undefined): boolean {
    return this.shadows.some(shadow => shadow.place === place && isCalled(shadow.plugin, about));
  }

  /**
   * Returns the places of the plugins that run at the same time as the one at `place`, in order. A plugin without a
   * stated priority separates those before it from those after it.
   */
  #bandFrom(place: number, about: HookSubject | undefined): readonly number[] {
    const priority = this.plugins[place]?.priority;
    const places: number[] = [];
    for (let at = place; at < this.plugins.length; at += 1) {
      const plugin = this.plugins[at];
      if (plugin === undefined || !isCalled(plugin, about)) continue;
      if (plugin.isInBand !== true || plugin.priority !== priority) break;
      places.push(at);
    }
    return places;
  }

  #standsAlone({ onError, health }: HookedPlugin): boolean {
    return this.#isStepwise || onError.invalid_output !== 'deny' || health.isHeldBack;
  }

  #band(places: readonly number[]): Hop {
    const members = places.map(at => this.#hop([at]));
    return { places, plugins: members.flatMap(({ plugins }) => plugins), calls: [], members };
  }

  /** Returns the same object for the same hop, so that lanes recognise its list of calls and are sent only a number. */
  #hop(places: readonly number[]): Hop {
    const [from = 0] = places;
    const last = places.at(-1) ?? from;
    const key = last - from === places.length - 1 ? from * this.plugins.length + last : places.join();
    const known = this.#hops.get(key);
    if (known !== undefined) return known;
    const plugins = places.flatMap(at => this.plugins[at] ?? []);
    const made = { places, plugins, calls: plugins.map(callOf) };
    if (this.#hops.size >= mostHops) this.#hops.clear();
    this.#hops.set(key, made);
    return made;
  }
}

/**
 * Returns the plugins in shadow with their places among the others. One of a band sees what the whole band sees.
 */
function shadowsOf(plugins: readonly HookedPlugin[]): readonly Shadow[] {
  const shadows: Shadow[] = [];
  const before: HookedPlugin[] = [];
  for (const plugin of plugins) {
    if (plugin.mode !== 'shadow') {
      before.push(plugin);
      continue;
    }
    const isOther = ({ isInBand, priority }: HookedPlugin) => isInBand !== true || priority !== plugin.priority;
    const place = plugin.isInBand === true ? before.findLastIndex(isOther) + 1 : before.length;
    shadows.push({ place, plugin, hop: { places: [place], plugins: [plugin], calls: [callOf(plugin)] } });
  }
  return shadows.toSorted((one, other) => one.place - other.place);
}

export const isCalled = ({ health, matches }: HookedPlugin, about: HookSubject | undefined): boolean =>
  !health.isDisabled && (matches === undefined || about === undefined || matches(about));

const callOf = ({ id, onError, mode }: HookedPlugin): HookCall => ({
  plugin: id,
  stopOnBlock: mode !== 'permissive',
  stopOnFailure: Object.values(onError).includes('deny'),
});

/** The plugins of one binding by hook, in the order in which they run. Compiled once per chain. */
export class Plan {
  readonly plugins: readonly HookedPlugin[];
  /** Whether any plugin is in shadow. */
  readonly isShadowed: boolean;
  readonly #byHook = new Map<HookName, HookPlan>();

  /** @param isStepwise whether each plugin gets a hop of its own */
  constructor(plugins: readonly HookedPlugin[], isStepwise = false) {
    this.isShadowed = plugins.some(({ mode }) => mode === 'shadow');
    this.plugins = plugins.toSorted((one, other) => one.priority - other.priority);
    for (const hook of new Set(plugins.flatMap(each => [...each.hooks]))) {
      const hooked = this.plugins.filter(({ hooks }) => hooks.has(hook));
      this.#byHook.set(hook, new HookPlan(hooked, isStepwise));
    }
  }

  /** Returns the plugins of a hook; undefined if there are none, also none in shadow. */
  of(hook: HookName): HookPlan | undefined {
    return this.#byHook.get(hook);
  }
}
