import vm from 'node:vm';
import { ContractBroken, DeclaredError, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import { glueSurroundings } from '../glue/glue-surroundings.ts';
import { type LiftingMeter, meteredDecoder } from './lifting-meter.ts';

/** The global object of such a realm. */
export type GlueRealm = vm.Context & { readonly WebAssembly: typeof WebAssembly };

/** Timers of Node hang together: whoever holds one finds those of others, and what they will call. */
const setTimer = (action: () => void, ms: number): void => {
  setTimeout(() => action(), ms);
};
const setMicrotask = (action: () => void): void => queueMicrotask(() => action());

/**
 * A realm for jco's glue: of the language and WebAssembly the names that honest glue uses, and of Node's powers nothing
 * but these harmless names. Code from strings is off. What the glue takes out of the guest's memory is counted.
 */
export function createGlueRealm({ count }: LiftingMeter): GlueRealm {
  const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
  for (const name of Object.getOwnPropertyNames(realm)) if (!glueSurroundings.has(name)) takeAway(realm, name);
  return Object.assign(realm, {
    TextDecoder: meteredDecoder(count),
    meterLifted: count,
    TextEncoder,
    queueMicrotask: setMicrotask,
    setTimeout: setTimer,
  }) as unknown as GlueRealm;
}

/**
 * Takes away from everybody in this thread what could make of it more than it is. It cannot be undone.
 * Host functions that the glue is given belong to the lane's own realm, so `f.constructor('…')()` would run code with
 * Node's powers; and what lies behind them is shared by all plugins of the lane, and by the lane itself, so that one
 * could change it for the others: `Map.prototype.get` would hand it whatever the lane looks up.
 */
export function hardenThread(): void {
  disarmCodeConstructors();
  const globals = globalThis as Record<string, unknown>;
  const language = new Set(Object.getOwnPropertyNames(vm.createContext(vm.constants.DONT_CONTEXTIFY)));
  for (const name of Object.getOwnPropertyNames(globals)) {
    const isKept = keptGlobals.has(name) || (language.has(name) && !codeFromText.has(name));
    if (!isKept) takeAway(globals, name);
    else if (name !== 'globalThis') freezeAll(globals[name]);
  }
  freezeAll([setTimer, setMicrotask, DeclaredError, LimitExceeded, ContractBroken]);
  // What no name leads to.
  freezeAll([[].values(), ''[Symbol.iterator](), new Map().values(), new Set().values(), ''.matchAll(/x/g)]);
  freezeAll([(function* () {})(), (async function* () {})(), async () => {}]);
  freezeAll(wrongUses.map(errorOf));
}

/** Some names cannot be deleted, as `gc` of `node --expose-gc`; they lose what they stood for. @throws TypeError */
function takeAway(globals: Record<string, unknown>, name: string): void {
  if (!Reflect.deleteProperty(globals, name)) globals[name] = undefined;
}

/** Errors of what the realm is given have classes of their own. */
const wrongUses: readonly (() => unknown)[] = [
  () => new TextDecoder('none'),
  () => new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.of(255)),
  () => new TextDecoder().decode(1 as never),
  () => TextDecoder.prototype.decode.call({}),
  () => new TextEncoder().encodeInto('', 1 as never),
  () => TextEncoder.prototype.encode.call({}),
];

function errorOf(use: () => unknown): unknown {
  try {
    return use();
  } catch (error) {
    return error;
  }
}

/** What lanes and capabilities use beside the language. Modules of Node have their own hold on the rest. */
const keptGlobals = new Set([
  ...['Buffer', 'URL', 'URLSearchParams', 'TextDecoder', 'TextEncoder', 'performance'],
  ...['setTimeout', 'clearTimeout', 'queueMicrotask'],
]);
const codeFromText = new Set(['eval', 'Function', 'console']);

/** The constructors of code are reached from every function. */
function disarmCodeConstructors(): void {
  const functions = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const each of functions) {
    const prototype = Object.getPrototypeOf(each);
    Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false });
  }
}

const frozen = new WeakSet<object>();

/** Freezes a value, and all that its properties and its prototype lead to. What they hold inside stays as it is. */
export function freezeAll(value: unknown): void {
  let next = [value];
  while (next.length > 0) {
    const here = next;
    next = [];
    for (const each of here) {
      if ((typeof each !== 'object' && typeof each !== 'function') || each === null || frozen.has(each)) continue;
      frozen.add(each);
      // The bytes of an array cannot be frozen, and need not be.
      if (!ArrayBuffer.isView(each)) Object.freeze(each);
      for (const key of Reflect.ownKeys(each)) {
        const { value: member, get, set } = Reflect.getOwnPropertyDescriptor(each, key) ?? {};
        next.push(member, get, set);
      }
      next.push(Object.getPrototypeOf(each));
    }
  }
}
