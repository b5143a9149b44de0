import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import type { JsonObject } from '../../core/json.ts';
import { readOrCreateOwnerOnly } from '../../core/owner-only-file.ts';

/** A HMAC-SHA256 in hexadecimal. */
export type KeyedHash = `hmac-sha256:${string}`;

const keyBytes = 32;

/**
 * Hashes what a receipt must not contain. Without the key, no value can be found by hashing guesses. Equal values of one
 * tenant have equal hashes, those of different tenants have different ones.
 */
export class KeyedHashes {
  readonly #key: KeyObject;
  /** The hashes of values, because the value after one plugin is the one before the next. */
  readonly #values = new WeakMap<JsonObject, { readonly tenant: string | undefined; readonly hash: KeyedHash }>();
  /** Names the key without revealing it. */
  readonly keyId: string;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    this.keyId = this.#mac('key', '', '').slice(0, 16);
  }

  ofSubject(subject: string, tenant: string | undefined): KeyedHash {
    return `hmac-sha256:${this.#mac('subject', tenant ?? '', subject)}`;
  }

  /** Hashes a value as canonical JSON. Returns undefined if it is nested too deeply to be written. */
  ofValue(value: JsonObject, tenant: string | undefined): KeyedHash | undefined {
    const known = this.#values.get(value);
    if (known !== undefined && known.tenant === tenant) return known.hash;
    try {
      const hash: KeyedHash = `hmac-sha256:${this.#mac('value', tenant ?? '', canonicalJson(value))}`;
      this.#values.set(value, { tenant, hash });
      return hash;
    } catch (thrown) {
      if (thrown instanceof RangeError) return undefined;
      throw thrown;
    }
  }

  #mac(kind: string, tenant: string, text: string): string {
    // A list as JSON: no tenant's name can be mistaken for a part of a text.
    return createHmac('sha256', this.#key)
      .update(`${JSON.stringify([kind, tenant])}\n${text}`)
      .digest('hex');
  }
}

/**
 * Reads the key from a file, which is created if it is missing.
 * @throws Fault `receipts_unusable`, also if other users can read the file
 */
export function openKey(file: string): Uint8Array {
  try {
    const key = readOrCreateOwnerOnly(file, () => randomBytes(keyBytes));
    if (key.length !== keyBytes) throw new Error(`it has ${key.length} bytes and not the ${keyBytes} of a key`);
    return key;
  } catch (error) {
    return fail('receipts_unusable', { file, reason: fileProblem(error) }, error);
  }
}
