/** `Math.random` and `crypto` ask the capability `random`. */
import { random } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { provide } from './provide.js';

/**
 * Packages draw numbers at their top level, for names that are to be unlike each other. What is drawn there becomes part
 * of the component and is the same in every instance whatever it is, so that it is the same in every build, too. (mulberry32)
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
      "crypto.subtle is not there, because it answers later and a hook answers at once: use sha256 of '@sallyport/plugin', or a package such as @noble/hashes",
    );
  },
});
