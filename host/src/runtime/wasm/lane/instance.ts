import vm from 'node:vm';
import { ContractBroken, type HostImports, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { CallFacts, ChainInput } from '../../../contract/hook-call.ts';
import { type EntryName, entryPoints, lifecycle } from '../../../contract/kinds.ts';
import type { CallScope } from './call-scope.ts';
import { Fuel } from './fuel.ts';
import { guestImports, type ToGateway } from './guest-imports.ts';
import { createGlueRealm, freezeAll, type GlueRealm } from './harden.ts';
import { configOf } from './instance-owner.ts';
import type { LanePlugin } from './message.ts';
import { LiftingMeter } from './payload-limit.ts';

/** In a lane of pure plugins a hook answers at once; in a lane with asynchronous capabilities it answers later. */
type MaybeLater<T> = T | Promise<T>;

/** The functions that a component exports, by interface and by their names in JavaScript. */
type Exports = Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => MaybeLater<unknown>>>>>;

/** Returns the name that jco gives a function of WIT in JavaScript. */
const inJavaScript = (name: string): string => name.replace(/-./g, dashed => dashed.slice(1).toUpperCase());

/** What a chain needs of an instance, wherever it runs. */
export interface PluginInstance {
  /** The size of its memories when they were last measured, in bytes. They never shrink. */
  readonly memoryBytes: number;
  /** The size of its memories, in bytes, if they have grown since they were last measured; otherwise 0. */
  readonly grownTo: number;
  /** Measures its memories, and returns the bytes by which they have grown since the last time. */
  grown(): number;
  /** The units of fuel that the last call used; undefined without a limit. */
  readonly fuelUsed: number | undefined;
  /** Calls an entry point. Throws what the guest or its glue throws. */
  call(entry: EntryName, scope: CallScope, context: CallFacts, value: ChainInput['value']): MaybeLater<unknown>;
}

const functions = Object.fromEntries(
  Object.entries(entryPoints).map(([entry, at]) => [entry, { of: at.interface, name: inJavaScript(at.function) }]),
) as Readonly<Record<EntryName, { readonly of: string; readonly name: string }>>;

/** Returns the interface of an entry point, and its name there in JavaScript. */
export const exportOf = (entry: EntryName) => functions[entry];

type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module | undefined,
  imports: HostImports,
  instantiateCore?: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => MaybeLater<Exports>;

/** The hook call that an instance runs, for its host functions and glue. */
interface Current {
  scope: CallScope;
  readonly meter: LiftingMeter;
}

/**
 * Plugins whose imports were frozen once: classes of resources are shared by all plugins of a lane, and the rest is
 * made again for each instance.
 */
const frozen = new WeakSet<LanePlugin>();

/**
 * One instance of a plugin. It serves one call at a time. The lane discards it after anything but a declared result.
 */
export class Instance implements PluginInstance {
  readonly #exports: Exports;
  readonly #current: Current;
  readonly #memories: readonly WebAssembly.Memory[];
  readonly #fuel: Fuel | undefined;
  #buffers: readonly ArrayBuffer[] | undefined;
  memoryBytes = 0;

  private constructor(
    exports: Exports,
    current: Current,
    memories: readonly WebAssembly.Memory[],
    fuel: Fuel | undefined,
  ) {
    this.#exports = exports;
    this.#current = current;
    this.#memories = memories;
    this.#fuel = fuel;
  }

  grown(): number {
    // A memory that grows leaves an empty buffer behind. To read `memory.buffer` each time would be slow.
    if (this.#buffers?.every(buffer => buffer.byteLength > 0)) return 0;
    this.#buffers = this.#memories.map(({ buffer }) => buffer);
    const bytes = this.#buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    const by = bytes - this.memoryBytes;
    this.memoryBytes = bytes;
    return by;
  }

  get grownTo(): number {
    const bytes = this.#memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return bytes > this.memoryBytes ? bytes : 0;
  }

  get fuelUsed(): number | undefined {
    return this.#fuel?.used;
  }

  /** Instantiates and configures. Throws what the guest or its glue throws. */
  static start(plugin: LanePlugin, scope: CallScope, gateway: ToGateway): MaybeLater<Instance> {
    const fuel = fuelOf(plugin);
    const start = () => Instance.#start(plugin, scope, gateway, fuel);
    return fuel === undefined ? start() : limited(fuel, start);
  }

  static #start(
    plugin: LanePlugin,
    scope: CallScope,
    gateway: ToGateway,
    fuel: Fuel | undefined,
  ): MaybeLater<Instance> {
    const current: Current = { scope, meter: new LiftingMeter(plugin.limits.payloadBytes) };
    const realm = createGlueRealm(current.meter);
    const instantiate = compileGlue(plugin, realm);
    const memories: WebAssembly.Memory[] = [];
    const started = new Map<WebAssembly.Module, number>();
    const imports = guestImports(plugin, () => scopeOf(current), gateway);
    if (!frozen.has(plugin)) freezeAll(imports);
    frozen.add(plugin);
    const exports = instantiate(
      name => plugin.component.modules.get(name),
      imports,
      (module, given) => {
        // The memory limit was divided among the counted instances, and the glue is not trusted to keep to them.
        const count = (started.get(module) ?? 0) + 1;
        started.set(module, count);
        if (count > instancesOf(plugin, module))
          throw new LimitExceeded('it has more core instances than were counted');
        // An instance of the realm, so that what the guest gets of it leads to the realm and not out of it.
        const instance = new realm.WebAssembly.Instance(module, fuel === undefined ? given : fuel.added(given));
        for (const exported of Object.values(instance.exports)) {
          if (exported instanceof realm.WebAssembly.Memory && !memories.includes(exported)) memories.push(exported);
        }
        return instance;
      },
    );
    const configure = (ready: Exports): MaybeLater<Instance> => {
      const instance = new Instance(ready, current, memories, fuel);
      const configured = functionOf(ready, lifecycle, 'configure')(configOf(plugin, scope.tenant));
      return isThenable(configured) ? Promise.resolve(configured).then(() => instance) : instance;
    };
    return isThenable(exports) ? Promise.resolve(exports).then(configure) : configure(exports as Exports);
  }

  call(entry: EntryName, scope: CallScope, context: CallFacts, value: ChainInput['value']): MaybeLater<unknown> {
    this.#current.scope = scope;
    this.#current.meter.reset();
    const { of, name } = functions[entry];
    const called = functionOf(this.#exports, of, name);
    return this.#fuel === undefined ? called(context, value) : limited(this.#fuel, () => called(context, value));
  }
}

/** Returns fuel for an instance of a plugin, if it is limited. Code that does not use fuel must not run with a limit. */
function fuelOf({ id, component: { fuelCounter }, limits: { fuel } }: LanePlugin): Fuel | undefined {
  if (fuel === undefined) return undefined;
  if (fuelCounter === undefined) throw new Error(`plugin ${id} has a limit of fuel and was compiled without fuel`);
  return new Fuel(fuel, fuelCounter);
}

/** Runs code of the guest with as much fuel as one call may use. @throws LimitExceeded when it used more */
function limited<T>(fuel: Fuel, run: () => MaybeLater<T>): MaybeLater<T> {
  fuel.refill();
  try {
    const result = run();
    return isThenable(result) ? Promise.resolve(result).catch(thrown => fuel.explain(thrown)) : result;
  } catch (thrown) {
    return fuel.explain(thrown);
  }
}

/** Returns the scope for a host function. The glue has copied its arguments out of the guest's memory. */
function scopeOf({ scope, meter }: Current): CallScope {
  meter.reset();
  return scope;
}

/** @throws ContractBroken */
function functionOf(exports: Exports, of: string, name: string) {
  return exports[of]?.[name] ?? missing(of, name);
}

function missing(of: string, name: string): never {
  throw new ContractBroken(`it exports no ${name} of ${of}`);
}

function instancesOf({ component: { modules, instances } }: LanePlugin, module: WebAssembly.Module): number {
  for (const [name, each] of modules) if (each === module) return instances.get(name) ?? 0;
  return 0;
}

/** Returns whether a value is a promise. Promises of the glue's realm are not instances of this realm's Promise. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const compiled = new Map<string, vm.Script>();

/**
 * Runs the glue in the realm of one instance: see prepareGlue. Its text is compiled once for all instances of the lane
 * that have this glue.
 */
function compileGlue({ component: { glue } }: LanePlugin, realm: GlueRealm): Instantiate {
  const script = compiled.get(glue) ?? new vm.Script(`(() => {${glue}\n})()`, { filename: 'glue.js' });
  compiled.set(glue, script);
  return script.runInContext(realm) as Instantiate;
}
