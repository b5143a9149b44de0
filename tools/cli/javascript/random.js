/** Implements `Math.random` and `crypto` with the capability `random`. */
import { random } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { provide } from './provide.js';

/**
 * The generator for build time (mulberry32). Packages draw numbers at their top level, for unique names. Those become part
 * of the component and are the same in every instance anyway, so a fixed seed makes them the same in every build, too.
 */
let seed = 0x9e3779b9;
function drawAtBuild() {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

Math.random = () => {
  if (!isBuilt()) return drawAtBuild();
  const [high = 0, ...low] = random.bytes(7);
  return low.reduce((sum, byte) => sum * 256 + byte, high % 32) / 2 ** 53;
};

const largest = 65_536;

/**
 * @template {ArrayBufferView} T
 * @param {T} array
 */
function getRandomValues(array) {
  if (!isBuilt()) refuseTopLevel('crypto.getRandomValues');
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let at = 0; at < bytes.length; at += largest) bytes.set(random.bytes(Math.min(largest, bytes.length - at)), at);
  return array;
}

function randomUUID() {
  const bytes = getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

provide('crypto', {
  getRandomValues,
  randomUUID,
  get subtle() {
    throw new Error(
      "crypto.subtle is not available, because it is asynchronous and hooks are not: use sha256 of '@sallyport/plugin', or a package such as @noble/hashes",
    );
  },
});
