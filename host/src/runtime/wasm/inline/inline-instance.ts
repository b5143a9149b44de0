import vm from 'node:vm';
import { ContractBroken, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { CallFacts, ChainInput } from '../../../contract/hook-call.ts';
import { type EntryName, entryPoints, lifecycle } from '../../../contract/kinds.ts';
import { fuelGauge } from '../../../wasm/fuel/fuel-gauge.ts';
import { glueSurroundings } from '../glue/glue-surroundings.ts';
import type { CallScope } from '../lane/call-scope.ts';
import { GlueFailure } from '../lane/failure.ts';
import { guestImports, type ToGateway } from '../lane/guest-imports.ts';
import { exportOf, type PluginInstance } from '../lane/instance.ts';
import { configOf } from '../lane/instance-owner.ts';
import type { LanePlugin } from '../lane/message.ts';
import { LiftingMeter } from '../lane/payload-limit.ts';
import { HostFunctions } from './host-functions.ts';
import { type Outside, type RealmSettings, RealmSide, type ValueForm } from './realm-side.ts';
import { copyBytes, readSpecial, Slots, writeSpecial } from './special-values.ts';

/** Units of fuel of a host function, which is about what it takes, and of each character or byte that crosses. */
const hostCallUnits = 5000;
const characterUnits = 16;

/** What honest glue of a plugin that never waits can do without: see RealmSide. */
const unneeded = new Set(['console', 'FinalizationRegistry', 'queueMicrotask', 'setTimeout', 'setInterval']);
const globals = [...glueSurroundings].filter(name => !unneeded.has(name));

const entryNames = Object.keys(entryPoints) as EntryName[];
/** The interface and name of each entry point. Calls name them by number. */
const entries = entryNames.map(entry => [exportOf(entry).of, exportOf(entry).name] as const);
const entryNumbers = Object.fromEntries(entryNames.map((entry, number) => [entry, number])) as Record<
  EntryName,
  number
>;

const gauge = new WebAssembly.Module(fuelGauge);
const realmSide = new vm.Script(`'use strict';\n(${RealmSide})`, { filename: 'realm-side.js' });
const glues = new Map<string, vm.Script>();

/**
 * One instance of a plugin on the gateway's thread, in a realm of its own. Nothing of the gateway's realm can be
 * reached from the realm: see RealmSide. It serves one call at a time, and is discarded after anything but a declared
 * result.
 */
export class InlineInstance implements PluginInstance {
  readonly #side: RealmSide;
  readonly #slots: Slots;
  readonly #fuel: number;
  #scope: CallScope;
  memoryBytes = 0;

  /** Instantiates and configures. Throws what the guest or its glue throws, as errors of this realm. */
  static start(plugin: LanePlugin, scope: CallScope, gateway: ToGateway): InlineInstance {
    const instance = new InlineInstance(plugin, scope, gateway);
    instance.#configure(configOf(plugin, scope.tenant));
    return instance;
  }

  private constructor(plugin: LanePlugin, scope: CallScope, gateway: ToGateway) {
    const { id, component, limits } = plugin;
    const { fuelCounter: counter } = component;
    if (limits.fuel === undefined || counter === undefined) throw new Error(`plugin ${id} was compiled without fuel`);
    this.#scope = scope;
    this.#fuel = limits.fuel;
    this.#slots = new Slots();
    const host = new HostFunctions(
      guestImports(plugin, () => this.#scope, gateway),
      this.#slots,
    );
    const settings: RealmSettings = {
      ...{ globals, counter, entries, hostCallUnits, characterUnits },
      fuel: limits.fuel,
      liftedBytes: LiftingMeter.limit(limits.payloadBytes),
      imports: host.described,
    };
    const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
    const Side: typeof RealmSide = realmSide.runInContext(realm);
    this.#side = new Side(outside(host, this.#slots), JSON.stringify(settings), gauge);
    for (const [name, module] of component.modules)
      this.#side.addModule(name, module, component.instances.get(name) ?? 0);
    const { glue } = component;
    // A function that returns the function of the glue: none of its code runs before it is called by the realm's side.
    const script = glues.get(glue) ?? new vm.Script(`(() => {${glue}\n})`, { filename: 'glue.js' });
    glues.set(glue, script);
    this.#answer(this.#side.start(script.runInContext(realm)));
  }

  /** Calls an entry point. Throws what the guest or its glue throws, as errors of this realm. */
  call(entry: EntryName, scope: CallScope, context: CallFacts, value: ChainInput['value']): unknown {
    this.#scope = scope;
    const { requestId, binding, upstream, tenant, subject, deadlineMs, method, scopes } = context;
    const more = method === undefined ? undefined : JSON.stringify({ method, scopes });
    const [form, first, second, isError] = formOf(value, this.#slots);
    let answer: string;
    try {
      // biome-ignore format: the entry point, the context, the value
      answer = this.#side.call(
        entryNumbers[entry],
        requestId, binding, upstream, tenant, subject, deadlineMs, more,
        form, first, second, isError,
      );
    } catch {
      answer = overflow;
    }
    return this.#answer(answer);
  }

  #configure(config: string): void {
    let answer: string;
    try {
      answer = this.#side.configure(lifecycle, 'configure', config);
    } catch {
      answer = overflow;
    }
    this.#answer(answer);
  }

  /** Measures its memories, and returns the bytes by which they have grown since the last time. */
  grown(): number {
    const by = this.#side.memoryBytes() - this.memoryBytes;
    this.memoryBytes += by;
    return by;
  }

  get fuelUsed(): number {
    return this.#fuel - this.#side.fuelLeft();
  }

  get grownTo(): number {
    const bytes = this.#side.memoryBytes();
    return bytes > this.memoryBytes ? bytes : 0;
  }

  /** Returns the result of a call. @throws LimitExceeded, ContractBroken, GlueFailure */
  #answer(answer: string): unknown {
    const kind = answer[0];
    if (kind === 'p') {
      this.#slots.clear();
      return proceed;
    }
    const text = answer.slice(1);
    if (kind === 'a' || kind === 'r' || kind === 'R') {
      this.#slots.clear();
      return changedIn(kind, text);
    }
    if (kind === 'v' || kind === 'V') {
      const value = text === '' ? undefined : kind === 'v' ? JSON.parse(text) : readSpecial(text, this.#slots);
      this.#slots.clear();
      return value;
    }
    this.#slots.clear();
    const left = this.#side.fuelLeft();
    if (left < 0)
      throw new LimitExceeded(`it used ${-left} units of fuel more than the ${this.#fuel} allowed (limits.fuel)`);
    if (kind === 'l') throw new LimitExceeded(text);
    if (kind === 'c') throw new ContractBroken(text);
    const { name, message, payload } = JSON.parse(text);
    throw new GlueFailure(String(name), String(message), payload === undefined ? undefined : String(payload));
  }
}

const proceed = Object.freeze({ tag: 'proceed' });

/** Returns the outcome that the realm's side wrote as a changed tool call, or as a changed result of one text. */
function changedIn(kind: 'a' | 'r' | 'R', text: string) {
  if (kind !== 'a') {
    const content = [{ tag: 'text', val: text }];
    return { tag: 'modified', val: { tag: 'tool-result', val: { content, isError: kind === 'R' } } };
  }
  const space = text.indexOf(' ');
  const from = space + 1 + Number(text.slice(0, space));
  const call = { name: text.slice(space + 1, from), arguments: text.slice(from) };
  return { tag: 'modified', val: { tag: 'tool-call', val: call } };
}

/** The answer of a call that had no stack left to describe it. What was thrown may belong to the realm, so nothing looks at it. */
const overflow = 't{"name":"RangeError","message":"Maximum call stack size exceeded"}';

type Passed = readonly [form: ValueForm, first: string, second: string | undefined, isError: boolean];

/** Returns a value in the form in which it crosses. */
function formOf(value: ChainInput['value'], slots: Slots): Passed {
  if (!Array.isArray(value) && 'tag' in value) {
    const { tag, val } = value;
    if (tag === 'tool-call') return ['call', val.name, val.arguments, false];
    if (tag === 'tool-result') {
      const [block] = val.content;
      if (val.content.length === 1 && block?.tag === 'text')
        return ['text', block.val, val.structuredContent, val.isError];
    }
  }
  const { text, isSpecial } = writeSpecial(value, slots);
  return [isSpecial ? 'special' : 'json', text, undefined, false];
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Returns what the realm may ask of this one. */
const outside = (host: HostFunctions, slots: Slots): Outside => ({
  callHost: (index, given) => host.call(index, given),
  callHostWith: (index, first, second) => host.callWith(index, first, second),
  decode: bytes => decoder.decode(bytes),
  encodeInto(text, bytes) {
    const { read, written } = encoder.encodeInto(text, bytes);
    return read === text.length ? written : -1;
  },
  takeBytes: bytes => slots.put(bytes),
  giveBytes(slot, bytes) {
    const given = slots.take(slot);
    if (given !== undefined) copyBytes(given, bytes);
  },
});
