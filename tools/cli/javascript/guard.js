/** Wraps a plugin's exported functions, and the host's functions that a plugin calls. */
import { isQuickJs } from 'sallyport:build';
import { check, kindOf } from './check.js';
import { begin, isBuilt, refuseTopLevel } from './phase.js';
import { originOf } from './places.js';

/**
 * @typedef {import('./check.js').Type} Type
 * @typedef {import('./check.js').Types} Types
 * @typedef {{ readonly name: string, readonly type: Type }} Parameter
 * @typedef {(...values: unknown[]) => unknown} Callable
 */

/**
 * Wraps the functions of an interface that a plugin exports. An exception reaches the operator as text with file and
 * line, and results are checked against their types.
 * @param {string} name the name of the export
 * @param {unknown} given the module's export of that name
 * @param {Types} types
 * @param {Readonly<Record<string, Type | null>>} functions their result types; null for no result
 */
export function guard(name, given, types, functions) {
  if (typeof given !== 'object' || given === null) {
    throw new Error(
      `the module exports no ${name}: export const { lifecycle, dispatchHooks } = transform({ … }), from '@sallyport/plugin'`,
    );
  }
  const own = /** @type {Readonly<Record<string, unknown>>} */ (given);
  return Object.fromEntries(
    Object.entries(functions).map(([each, type]) => {
      if (typeof own[each] !== 'function')
        throw new Error(`${name}.${each} must be a function, not ${kindOf(own[each])}`);
      return [each, guarded(own, each, types, type)];
    }),
  );
}

/**
 * @param {Readonly<Record<string, unknown>>} own
 * @param {string} name
 * @param {Types} types
 * @param {Type | null} type
 * @returns {Callable}
 */
function guarded(own, name, types, type) {
  const isHook = name !== 'configure';
  /** @param {unknown} result */
  const held = result => {
    if (type !== null) check(types, type, result, `${name}: outcome`);
    return type === null ? undefined : result;
  };
  return (...values) => {
    begin();
    try {
      const result = /** @type {Callable} */ (own[name])(...values);
      if (!isThenable(result)) return held(result);
      if (isQuickJs) {
        throw new TypeError(
          `${name} must not be async or return a promise, because nothing awaits it. Host functions block until they are done; they need no await`,
        );
      }
      return result.then(held, error => {
        throw failure(error, isHook);
      });
    } catch (error) {
      throw failure(error, isHook);
    }
  };
}

/**
 * @param {unknown} value
 * @returns {value is Promise<unknown>}
 */
const isThenable = value =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/**
 * Converts a thrown value to an Error whose message the engine passes to the gateway; any other value would end the
 * instance. An Error with which `configure` refuses a configuration keeps its message, without a place.
 * @param {unknown} thrown
 * @param {boolean} isHook
 */
function failure(thrown, isHook) {
  if (typeof thrown === 'string') return new Error(thrown);
  if (!(thrown instanceof Error)) return new Error(`it threw ${kindOf(thrown)}, not an Error`);
  const { name, message, stack = '' } = thrown;
  const payload = 'payload' in thrown && typeof thrown.payload === 'string' ? thrown.payload : undefined;
  const text = payload ?? (name === 'Error' ? message : `${name}: ${message}`);
  return new Error(`${text}${isHook || name !== 'Error' ? originOf(stack) : ''}`);
}

/**
 * Wraps a host function: arguments are checked against their types, and errors get a readable message.
 * @param {string} name for example `kv-store.get`
 * @param {Types} types
 * @param {readonly Parameter[]} parameters
 * @param {boolean} isWide whether it returns a 64-bit integer
 * @param {Callable} call
 * @returns {Callable}
 */
export function hostFunction(name, types, parameters, isWide, call) {
  return (...given) => {
    if (!isBuilt()) refuseTopLevel(name);
    const values = parameters.map(({ name: parameter, type }, index) => {
      const value = given[index];
      check(types, type, value, `${name}: ${parameter}`);
      return passed(type, value);
    });
    let result;
    try {
      result = call(...values);
    } catch (error) {
      throw explained(name, error);
    }
    return isWide && typeof result === 'number' ? BigInt(result) : result;
  };
}

/**
 * Converts a 64-bit integer: QuickJS's bindings take numbers, StarlingMonkey's take bigints.
 * @param {Type} type
 * @param {unknown} value
 */
function passed(type, value) {
  const plain = typeof type === 'string' ? type : type[0] === 'option' ? type[1][0] : undefined;
  if ((plain !== 'u64' && plain !== 's64') || value === null || value === undefined) return value;
  return isQuickJs ? Number(value) : BigInt(/** @type {number | bigint} */ (value));
}

/**
 * Adds the `payload` of an error to its message, in readable form.
 * @param {string} name
 * @param {unknown} error
 */
function explained(name, error) {
  if (!(error instanceof Error) || !('payload' in error)) return error;
  error.message = `${name}: ${payloadText(error.payload)}`;
  return error;
}

/**
 * @param {unknown} payload
 * @returns {string}
 */
function payloadText(payload) {
  if (typeof payload !== 'object' || payload === null) return String(payload);
  const { tag, val } = /** @type {{ tag?: unknown, val?: unknown }} */ (payload);
  if (val === undefined || val === null) return String(tag);
  return `${tag}: ${typeof val === 'string' ? val : JSON.stringify(val)}`;
}
