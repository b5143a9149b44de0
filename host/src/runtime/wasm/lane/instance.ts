import vm from 'node:vm';
import {
  ContractBroken,
  type HostImports,
  type LaneContext,
  LimitExceeded,
} from '../../../capability/lane/lane-side.ts';
import { laneSides } from '../../../capability/lane-registry.ts';
import type { CallContext, Request, Response } from '../../../contract/generated/types.js';
import { type EntryName, entryPoints, lifecycle } from '../../../contract/kinds.ts';
import { checkedImports } from './checked-imports.ts';
import { createGlueRealm, freezeAll, type GlueRealm } from './harden.ts';
import { LiftingMeter } from './lifting-meter.ts';
import type { LanePlugin } from './message.ts';
import type { OpenScope } from './open-scope.ts';
import { deniedImports, learningImports } from './refusing.ts';

/** In a lane of pure plugins a hook answers at once; in one with asynchronous capabilities it answers later. */
type MaybeLater<T> = T | Promise<T>;

/** The functions that a component exports, by interface and by their names in JavaScript. */
type Exports = Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => MaybeLater<unknown>>>>>;

/** The name that jco gives a function of WIT in JavaScript. */
const inJavaScript = (name: string): string => name.replace(/-./g, dashed => dashed.slice(1).toUpperCase());

const functions = Object.fromEntries(
  Object.entries(entryPoints).map(([entry, at]) => [entry, { of: at.interface, name: inJavaScript(at.function) }]),
) as Readonly<Record<EntryName, { readonly of: string; readonly name: string }>>;

type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module | undefined,
  imports: HostImports,
  instantiateCore?: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => MaybeLater<Exports>;

/** The gateway's thread, seen from a lane. */
export interface ToGateway {
  /** What a job has used of the thread, in milliseconds; 0 in lanes where nothing waits. */
  cpuMs(job: number): number;
  /** Puts a question to the gateway's side of a capability. */
  ask(job: number, plugin: string, capability: string, request: unknown): Promise<unknown>;
  /** Tells what a plugin that is learning was refused. */
  refused(plugin: string, capability: string, need: unknown): void;
}

/** What an instance's host functions and glue share. */
interface CurrentCall {
  scope: OpenScope | undefined;
  readonly meter: LiftingMeter;
}

/**
 * Plugins whose imports were frozen once: classes of resources are shared by all plugins of a lane, and the rest is made
 * anew for each instance.
 */
const met = new WeakSet<LanePlugin>();

/** One instance of a plugin. It serves one call at a time; the lane discards it after anything but a declared result. */
export class Instance {
  readonly #exports: Exports;
  readonly #current: CurrentCall;
  readonly #memories: readonly WebAssembly.Memory[];
  #buffers: readonly ArrayBuffer[] | undefined;
  /** What its memories were when they were last looked at, in bytes. They never shrink. */
  memoryBytes = 0;

  private constructor(exports: Exports, current: CurrentCall, memories: readonly WebAssembly.Memory[]) {
    this.#exports = exports;
    this.#current = current;
    this.#memories = memories;
  }

  /** Looks at its memories: by how many bytes they have grown since. */
  grown(): number {
    // A memory that grows leaves its buffer behind, empty; to ask the memory itself each time would be slow.
    if (this.#buffers?.every(buffer => buffer.byteLength > 0)) return 0;
    this.#buffers = this.#memories.map(({ buffer }) => buffer);
    const bytes = this.#buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    const by = bytes - this.memoryBytes;
    this.memoryBytes = bytes;
    return by;
  }

  /** What its memories are now, in bytes, where they have grown since they were last looked at; else 0. */
  get grownTo(): number {
    const bytes = this.#memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return bytes > this.memoryBytes ? bytes : 0;
  }

  /** Instantiates and configures. Throws what the guest or its glue throws. */
  static start(plugin: LanePlugin, scope: OpenScope, gateway: ToGateway): MaybeLater<Instance> {
    const current = { scope, meter: new LiftingMeter(plugin.limits.payloadBytes) };
    const realm = createGlueRealm(current.meter);
    const instantiate = compileGlue(plugin, realm);
    const memories: WebAssembly.Memory[] = [];
    const started = new Map<WebAssembly.Module, number>();
    const imports = importsOf(plugin, current, gateway);
    if (!met.has(plugin)) freezeAll(imports);
    met.add(plugin);
    const exports = instantiate(
      name => plugin.component.modules.get(name),
      imports,
      (module, given) => {
        // Memory was set aside for so many, and the glue is not asked how many there are.
        const count = (started.get(module) ?? 0) + 1;
        started.set(module, count);
        if (count > instancesOf(plugin, module))
          throw new LimitExceeded('it has more core instances than were counted');
        // The realm's own, so that what the guest gets of an instance leads to the realm and not out of it.
        const instance = new realm.WebAssembly.Instance(module, given);
        for (const exported of Object.values(instance.exports)) {
          if (exported instanceof realm.WebAssembly.Memory && !memories.includes(exported)) memories.push(exported);
        }
        return instance;
      },
    );
    const configure = (ready: Exports): MaybeLater<Instance> => {
      const instance = new Instance(ready, current, memories);
      const configured = functionOf(ready, lifecycle, 'configure')(plugin.config);
      return isThenable(configured) ? Promise.resolve(configured).then(() => instance) : instance;
    };
    return isThenable(exports) ? Promise.resolve(exports).then(configure) : configure(exports as Exports);
  }

  /** Calls an entry point. Throws what the guest or its glue throws. */
  call(entry: EntryName, scope: OpenScope, context: CallContext, value: Request | Response): MaybeLater<unknown> {
    this.#current.scope = scope;
    this.#current.meter.reset();
    const { of, name } = functions[entry];
    return functionOf(this.#exports, of, name)(context, value);
  }
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

/** Promises of the glue's realm are not instances of this realm's Promise. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const compiled = new Map<string, vm.Script>();

/**
 * Run anew for every instance, in a realm of its own: see prepareGlue. What V8 makes of the text is made once, and
 * belongs to all instances of the lane that have this glue.
 */
function compileGlue({ component: { glue } }: LanePlugin, realm: GlueRealm): Instantiate {
  const script = compiled.get(glue) ?? new vm.Script(`(() => {${glue}\n})()`, { filename: 'glue.js' });
  compiled.set(glue, script);
  return script.runInContext(realm) as Instantiate;
}

function importsOf(plugin: LanePlugin, current: CurrentCall, gateway: ToGateway): HostImports {
  const scope = (): OpenScope => {
    if (current.scope === undefined) throw new Error('a host function was called outside a hook call');
    // Whatever asks for it has its arguments.
    current.meter.reset();
    return current.scope;
  };
  const imports: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const side of laneSides) {
    const { name } = side;
    if (plugin.denied.has(name)) {
      const told = (what: string) => scope().refused(name, what, 'not_granted');
      const learned = (need: unknown) => {
        told(`it was not granted: ${JSON.stringify(need)}`);
        gateway.refused(plugin.id, name, need);
      };
      Object.assign(imports, plugin.learning ? learningImports(side, plugin, learned) : deniedImports(side, told));
    }
    if (!plugin.granted.has(name)) continue;
    const lane: LaneContext = {
      plugin: plugin.id,
      log: (level, message) => scope().log(level, message),
      state: {
        get: key => scope().get(key),
        set: (key, value) => scope().set(key, value),
        getShared: key => scope().getShared(key),
        setShared: (key, value) => scope().setShared(key, value),
      },
      get caller() {
        return scope().caller;
      },
      tell: said => scope().tell(name, said),
      refused: (what, reason = 'not_allowed') => scope().refused(name, what, reason),
      ask: request => {
        scope().countAsk(name, gateway.cpuMs(scope().job));
        return gateway.ask(scope().job, plugin.id, name, request);
      },
    };
    Object.assign(imports, side.imports(plugin.granted.get(name), lane));
  }
  return checkedImports(imports);
}
