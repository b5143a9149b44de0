/** Stands between a plugin's functions and the gateway, and between the plugin and the host's functions. */
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
 * The functions of an interface that a plugin exports. What one throws reaches the operator as a text with file and
 * line, and what it yields is held to its type.
 * @param {string} name of the export
 * @param {unknown} given what the module exports under it
 * @param {Types} types
 * @param {Readonly<Record<string, Type | null>>} functions what each yields; null for nothing
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
        throw new Error(`${name}.${each} must be a function, and it is ${kindOf(own[each])}`);
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
          `${name} must not be async or return a promise: nothing waits for it. Functions of the host wait by themselves, without await`,
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
 * What a function of a plugin threw, as an error whose message the engine gives to the gateway. A record would end the
 * instance. Whoever refuses a configuration with an Error has chosen the words: the place would add nothing.
 * @param {unknown} thrown
 * @param {boolean} isHook
 */
function failure(thrown, isHook) {
  if (typeof thrown === 'string') return new Error(thrown);
  if (!(thrown instanceof Error)) return new Error(`it threw ${kindOf(thrown)}, and not an Error`);
  const { name, message, stack = '' } = thrown;
  const payload = 'payload' in thrown && typeof thrown.payload === 'string' ? thrown.payload : undefined;
  const text = payload ?? (name === 'Error' ? message : `${name}: ${message}`);
  return new Error(`${text}${isHook || name !== 'Error' ? originOf(stack) : ''}`);
}

/**
 * A function of the host: it is called with values of its types alone, and its error says what it is.
 * @param {string} name as `kv-store.get`
 * @param {Types} types
 * @param {readonly Parameter[]} parameters
 * @param {boolean} isWide whether it yields a 64-bit integer
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
 * QuickJS's bindings take numbers for 64-bit integers, and those of StarlingMonkey bigints.
 * @param {Type} type
 * @param {unknown} value
 */
function passed(type, value) {
  const plain = typeof type === 'string' ? type : type[0] === 'option' ? type[1][0] : undefined;
  if ((plain !== 'u64' && plain !== 's64') || value === null || value === undefined) return value;
  return isQuickJs ? Number(value) : BigInt(/** @type {number | bigint} */ (value));
}

/**
 * The `payload` stays; the message says the same to people.
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
