/**
 * Hashes bytes with a secret key, so that keys cannot be chosen to collide (HalfSipHash-1-3, the 32-bit variant of
 * SipHash).
 */
export function keyHash(bytes: Uint8Array, key0: number, key1: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = key0 ^ 0x6c79_6765;
  let v3 = key1 ^ 0x7465_6462;
  const round = () => {
    v0 = (v0 + v1) | 0;
    v1 = rotated(v1, 5) ^ v0;
    v0 = rotated(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotated(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotated(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotated(v1, 13) ^ v2;
    v2 = rotated(v2, 16);
  };
  const { length } = bytes;
  for (let at = 0; at + 4 <= length; at += 4) {
    const word = wordAt(bytes, at, 4);
    v3 ^= word;
    round();
    v0 ^= word;
  }
  const last = wordAt(bytes, length & ~3, length & 3) | (length << 24);
  v3 ^= last;
  round();
  v0 ^= last;
  v2 ^= 0xff;
  round();
  round();
  round();
  return v1 ^ v3;
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function wordAt(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let place = 0; place < count; place += 1) word |= (bytes[at + place] ?? 0) << (8 * place);
  return word;
}
