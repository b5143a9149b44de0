import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

const cipher = 'aes-256-gcm';
const lengths = { key: 32, id: 8, nonce: 12, tag: 16 };
/** The first byte of what is encrypted, for a later format. */
const version = 1;
const headLength = 1 + lengths.id + lengths.nonce;

interface Key {
  readonly id: Buffer;
  readonly bytes: Buffer;
}

/** A text that was decrypted. */
export interface Opened {
  readonly text: string;
  /** Whether it was encrypted with the key that is used now. */
  readonly isCurrent: boolean;
}

/** Returns the key that a secret contains: 32 bytes in base64 or hexadecimal. Undefined for anything else. */
export function keyIn(secret: string): Buffer | undefined {
  const text = secret.trim();
  const bytes = /^[\da-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : /^[\w+/-]{43}=?$/.test(text)
      ? Buffer.from(text, 'base64')
      : undefined;
  return bytes?.length === lengths.key ? bytes : undefined;
}

/**
 * Encrypts with the first key, and decrypts with any (AES-256-GCM). What a text belongs to is authenticated with it, so a
 * text that is moved to another owner does not open.
 */
export class KeyRing {
  readonly #keys: readonly Key[];

  /** @param keys of 32 bytes each, the current one first */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys.map(bytes => ({ bytes, id: hash('sha256', bytes, 'buffer').subarray(0, lengths.id) }));
    if (keys.length === 0 || keys.some(({ length }) => length !== lengths.key)) throw new RangeError('no usable key');
  }

  /** @param owner what the text belongs to, which is not part of the result */
  seal(text: string, owner: string): Uint8Array {
    const [{ id, bytes } = noKey()] = this.#keys;
    const nonce = randomBytes(lengths.nonce);
    const encrypting = createCipheriv(cipher, bytes, nonce);
    encrypting.setAAD(Buffer.from(owner));
    const parts = [encrypting.update(text, 'utf8'), encrypting.final()];
    return Buffer.concat([Buffer.of(version), id, nonce, ...parts, encrypting.getAuthTag()]);
  }

  /** Returns undefined if the text was encrypted with an unknown key, belongs to another owner, or was changed. */
  open(sealed: Uint8Array, owner: string): Opened | undefined {
    const bytes = Buffer.from(sealed);
    if (bytes.length < headLength + lengths.tag || bytes[0] !== version) return undefined;
    const id = bytes.subarray(1, 1 + lengths.id);
    const key = this.#keys.find(each => each.id.equals(id));
    if (key === undefined) return undefined;
    const tagAt = bytes.length - lengths.tag;
    const decrypting = createDecipheriv(cipher, key.bytes, bytes.subarray(1 + lengths.id, headLength), {
      authTagLength: lengths.tag,
    });
    decrypting.setAAD(Buffer.from(owner));
    decrypting.setAuthTag(bytes.subarray(tagAt));
    try {
      const text = Buffer.concat([decrypting.update(bytes.subarray(headLength, tagAt)), decrypting.final()]);
      return { text: text.toString('utf8'), isCurrent: key === this.#keys[0] };
    } catch {
      return undefined;
    }
  }
}

function noKey(): never {
  throw new RangeError('no usable key');
}
