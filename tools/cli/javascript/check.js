/**
 * Checks values against the contract's types where they leave the plugin, because QuickJS's bindings end the instance
 * without a message when a value has the wrong type.
 */

/**
 * @typedef {import('../src/build/javascript-types.ts').ScriptType} Type
 * @typedef {import('../src/build/javascript-types.ts').ScriptTypes} Types
 * @typedef {import('../src/build/javascript-types.ts').ScriptDefinition} Definition
 */

/** @type {Readonly<Record<string, readonly [low: number, high: number]>>} */
const ranges = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  s8: [-0x80, 0x7f],
  s16: [-0x8000, 0x7fff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
  s64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/**
 * @param {Types} types
 * @param {Type} type
 * @param {unknown} value
 * @param {string} at the value's place, for the error message
 * @returns {void}
 * @throws TypeError
 */
export function check(types, type, value, at) {
  if (typeof type !== 'string') return checkMade(types, type, value, at);
  if (type.startsWith('#')) return checkDefined(types, types[type.slice(1)] ?? {}, value, at);
  const range = ranges[type];
  if (range !== undefined) {
    const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
    if (isWhole && value >= range[0] && value <= range[1]) return;
    if (isWhole) throw new RangeError(`${at} must be ${described(types, type)}, not ${value}`);
  } else if (type === 'bool') {
    if (typeof value === 'boolean') return;
  } else if (type === 'string' || type === 'char') {
    if (typeof value === 'string') return;
  } else if (typeof value === 'number') return;
  refuse(types, type, value, at);
}

/**
 * @param {Types} types
 * @param {Exclude<Type, string>} type
 * @param {unknown} value
 * @param {string} at
 */
function checkMade(types, type, value, at) {
  const [kind, of] = type;
  const [first = ''] = of;
  if (kind === 'option') {
    if (value !== null && value !== undefined) check(types, first, value, at);
    return;
  }
  if (first === 'u8' && value instanceof Uint8Array) return;
  if (!Array.isArray(value) || (kind === 'tuple' && value.length !== of.length)) return refuse(types, type, value, at);
  for (let index = 0; index < value.length; index++) {
    check(types, kind === 'tuple' ? (of[index] ?? '') : first, value[index], `${at}[${index}]`);
  }
}

/**
 * @param {Types} types
 * @param {Definition} definition
 * @param {unknown} value
 * @param {string} at
 */
function checkDefined(types, definition, value, at) {
  const { record, variant, alias } = definition;
  if (alias !== undefined) return check(types, alias, value, at);
  if (definition.enum !== undefined) {
    if (typeof value !== 'string' || !definition.enum.includes(value)) throw wrong(at, listed(definition.enum), value);
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(at, record ? `an object with ${Object.keys(record).join(', ')}` : 'an object with tag and val', value);
  }
  const members = /** @type {Readonly<Record<string, unknown>>} */ (value);
  for (const name in record) check(types, record[name] ?? '', members[name], `${at}.${name}`);
  if (variant === undefined) return;
  const { tag, val } = members;
  if (typeof tag !== 'string' || !Object.hasOwn(variant, tag)) {
    throw wrong(`${at}.tag`, listed(Object.keys(variant)), tag);
  }
  const payload = variant[tag];
  if (payload) check(types, payload, val, `${at}.val`);
}

/**
 * @param {Types} types
 * @param {Type} type
 * @param {unknown} value
 * @param {string} at
 * @returns {never}
 */
function refuse(types, type, value, at) {
  throw wrong(at, described(types, type), value, type[1][0] === 'u8' ? bytesOfText(value) : '');
}

/** @param {unknown} value */
const bytesOfText = value => (typeof value === 'string' ? ': convert it with new TextEncoder().encode(text)' : '');

/**
 * @param {string} at
 * @param {string} expected
 * @param {unknown} value
 */
const wrong = (at, expected, value, hint = '') =>
  new TypeError(`${at} must be ${expected}, not ${kindOf(value)}${hint}`);

/** @param {readonly string[]} words */
const listed = words => words.map(word => `'${word}'`).join(' or ');

/**
 * @param {Types} types
 * @param {Type} type
 * @returns {string}
 */
function described(types, type) {
  if (typeof type === 'string') {
    if (type in ranges) return `a whole number from ${ranges[type]?.join(' to ')}`;
    if (type === 'bool') return 'true or false';
    return type === 'string' ? 'a string' : type.startsWith('#') ? 'an object' : 'a number';
  }
  const [kind, of] = type;
  const [first = ''] = of;
  if (kind === 'tuple') return `[${of.map(each => described(types, each).replace(/^an? /, '')).join(', ')}]`;
  if (first === 'u8') return 'a Uint8Array';
  return `a list${typeof first === 'string' ? '' : ` of ${described(types, first)}`}`;
}

/** @param {unknown} value */
export function kindOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return value.length > 40 ? 'a string' : JSON.stringify(value);
  if (typeof value !== 'object') return typeof value === 'function' ? 'a function' : `${typeof value} ${String(value)}`;
  const name = value.constructor?.name;
  return name === undefined || name === 'Object' ? 'an object' : `a ${name}`;
}
