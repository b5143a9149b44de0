import vm from 'node:vm';
import { type LiftingMeter, meteredDecoder } from './lifting-meter.ts';

/** The global object of such a realm. */
export type GlueRealm = vm.Context & { readonly WebAssembly: typeof WebAssembly };

/**
 * A realm for jco's glue: the language and WebAssembly, and of Node's powers nothing but these harmless names.
 * Code from strings is off. What the glue takes out of the guest's memory is counted.
 */
export function createGlueRealm({ count }: LiftingMeter): GlueRealm {
  const realm = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
  return Object.assign(realm, {
    TextDecoder: meteredDecoder(count),
    meterLifted: count,
    ...{ TextEncoder, queueMicrotask, setTimeout },
  }) as unknown as GlueRealm;
}

/**
 * Host functions that the glue is given belong to the lane's own realm, so `f.constructor('…')()` would run code with
 * Node's powers. This takes the constructors of code away from everybody in this thread. It cannot be undone.
 */
export function disarmCodeConstructors(): void {
  const functions = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const each of functions) {
    const prototype = Object.getPrototypeOf(each);
    Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false });
  }
}
