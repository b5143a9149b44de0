import vm from 'node:vm';
import { ContractBroken, DeclaredError, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import { glueSurroundings } from '../glue/glue-surroundings.ts';
import { type LiftingMeter, meteredDecoder } from './payload-limit.ts';

/** The global object of such a realm. */
export type GlueRealm = vm.Context & { readonly WebAssembly: typeof WebAssembly };

/** Starts a timer and does not return it: Node's timers are linked, so one leads to others and their callbacks. */
const setTimer = (action: () => void, ms: number): void => {
  setTimeout(() => action(), ms);
};
const setMicrotask = (action: () => void): void => queueMicrotask(() => action());

/**
 * Creates a realm for jco's glue. It has the names of the language and of WebAssembly that honest glue uses, and four
 * functions of Node without powers. Code from strings is off. What the glue copies out of the guest's memory is
 * counted.
 */
export function createGlueRealm({ count }: LiftingMeter): GlueRealm {
  const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
  for (const name of Object.getOwnPropertyNames(realm)) if (!glueSurroundings.has(name)) removeGlobal(realm, name);
  return Object.assign(realm, {
    TextDecoder: meteredDecoder(count),
    meterLifted: count,
    TextEncoder,
    queueMicrotask: setMicrotask,
    setTimeout: setTimer,
  }) as unknown as GlueRealm;
}

/**
 * Removes what could give code in this thread more powers, and freezes what all plugins share. It cannot be undone.
 * The host functions that the glue gets belong to the lane's own realm, so `f.constructor('…')()` would run code with
 * Node's powers. Their prototypes are shared by all plugins of the lane and by the lane itself, so one plugin could
 * change them for the others: a changed `Map.prototype.get` would see whatever the lane looks up.
 */
export function hardenThread(): void {
  disarmCodeConstructors();
  const globals = globalThis as Record<string, unknown>;
  const language = new Set(Object.getOwnPropertyNames(vm.createContext(vm.constants.DONT_CONTEXTIFY)));
  for (const name of Object.getOwnPropertyNames(globals)) {
    const isKept = keptGlobals.has(name) || (language.has(name) && !codeFromText.has(name));
    if (!isKept) removeGlobal(globals, name);
    else if (name !== 'globalThis') freezeAll(globals[name]);
  }
  freezeAll([setTimer, setMicrotask, DeclaredError, LimitExceeded, ContractBroken]);
  // Objects that no global name leads to.
  freezeAll([[].values(), ''[Symbol.iterator](), new Map().values(), new Set().values(), ''.matchAll(/x/g)]);
  freezeAll([(function* () {})(), (async function* () {})(), async () => {}]);
  freezeAll(wrongUses.map(errorOf));
}

/**
 * Deletes a global name, or its value where the name cannot be deleted, as `gc` of `node --expose-gc`.
 * @throws TypeError
 */
function removeGlobal(globals: Record<string, unknown>, name: string): void {
  if (!Reflect.deleteProperty(globals, name)) globals[name] = undefined;
}

/** Wrong uses of what the realm gets: their errors have classes of their own. */
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

/**
 * The globals that lanes and capabilities use beside the language. Node's modules keep their own references to the
 * rest.
 */
const keptGlobals = new Set([
  ...['Buffer', 'URL', 'URLSearchParams', 'TextDecoder', 'TextEncoder', 'performance'],
  ...['setTimeout', 'clearTimeout', 'queueMicrotask'],
]);
const codeFromText = new Set(['eval', 'Function', 'console']);

/** Removes the constructors that make code from text: every function leads to them. */
function disarmCodeConstructors(): void {
  const functions = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const each of functions) {
    const prototype = Object.getPrototypeOf(each);
    Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false });
  }
}

const frozen = new WeakSet<object>();

/** Freezes a value and everything that its properties and its prototype lead to. Internal slots stay as they are. */
export function freezeAll(value: unknown): void {
  let next = [value];
  while (next.length > 0) {
    const here = next;
    next = [];
    for (const each of here) {
      if ((typeof each !== 'object' && typeof each !== 'function') || each === null || frozen.has(each)) continue;
      frozen.add(each);
      // Typed arrays cannot be frozen.
      if (!ArrayBuffer.isView(each)) Object.freeze(each);
      for (const key of Reflect.ownKeys(each)) {
        const { value: member, get, set } = Reflect.getOwnPropertyDescriptor(each, key) ?? {};
        next.push(member, get, set);
      }
      next.push(Object.getPrototypeOf(each));
    }
  }
}
