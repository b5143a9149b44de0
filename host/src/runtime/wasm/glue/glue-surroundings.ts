/** The names that the glue of honest components uses: those of the language, and those that its realm adds. */
export const glueSurroundings: ReadonlySet<string> = new Set([
  ...['Array', 'ArrayBuffer', 'BigInt', 'Boolean', 'DataView', 'Error', 'FinalizationRegistry', 'JSON', 'Map', 'Math'],
  ...['Number', 'Object', 'Promise', 'RangeError', 'Set', 'String', 'Symbol', 'TypeError', 'undefined', 'WeakMap'],
  ...['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array'],
  ...['BigInt64Array', 'BigUint64Array', 'Float32Array', 'Float64Array', 'NaN', 'Infinity'],
  ...['TextDecoder', 'TextEncoder', 'WebAssembly', 'globalThis', 'console', 'queueMicrotask'],
  ...['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'],
  // See prepareGlue.
  'meterLifted',
]);
