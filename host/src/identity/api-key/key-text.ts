import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The lengths of the parts of a key, in characters. */
const idLength = 12;
const secretLength = 43;
const checksumLength = 6;

/** Every key begins with this, so that scanners for leaked secrets can find it. */
export const keyPrefix = 'sallyport_';

/** A key: its prefix, its id, and a secret of 256 bits that ends in a checksum. */
const keyPattern: RegExp = new RegExp(
  `^${keyPrefix}(?<id>[0-9A-Za-z]{${idLength}})_(?<secret>[0-9A-Za-z]{${secretLength}})(?<checksum>[0-9A-Za-z]{${checksumLength}})$`,
);

/** Creates a key that cannot be guessed. */
export function createKeyText(): string {
  const text = `${keyPrefix}${randomDigits(idLength)}_${randomDigits(secretLength)}`;
  return `${text}${checksumOf(text)}`;
}

/** Returns the id in a key, or undefined if it is malformed: not of this form, or mistyped. */
export function idOfKey(key: string): string | undefined {
  const { id, checksum } = keyPattern.exec(key)?.groups ?? {};
  return checksum === checksumOf(key.slice(0, -checksumLength)) ? id : undefined;
}

/**
 * Returns the SHA-256 of a key, which is stored instead of it. A slow hash would add nothing, because a secret of 256
 * bits cannot be found by trying.
 */
export const hashKey = (key: string): Buffer => hash('sha256', key, 'buffer');

function randomDigits(length: number): string {
  let text = '';
  while (text.length < length) {
    // A byte above the last multiple of 62 would make some digits more likely than others.
    for (const byte of randomBytes(length)) if (byte < 248) text += digits[byte % 62];
  }
  return text.slice(0, length);
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let written = '';
  for (let at = 0; at < checksumLength; at += 1) {
    written = digits[rest % 62] + written;
    rest = Math.floor(rest / 62);
  }
  return written;
}
