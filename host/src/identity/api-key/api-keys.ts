import { timingSafeEqual } from 'node:crypto';
import { toFault } from '../../core/fault.ts';
import { fileVersion } from '../../core/file-version.ts';
import type { Log } from '../../core/log.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import { createPrincipal, type Principal } from '../principal.ts';
import { type Authenticate, bearerToken, refuseCredentials } from '../scheme.ts';
import { readKeyFile } from './key-file.ts';
import { hashKey, idOfKey, keyPrefix } from './key-text.ts';

/** How often the file is looked at, in milliseconds: a revoked key is refused after this time at the latest. */
const checkMs = 500;

interface KnownKey {
  readonly hash: Buffer;
  readonly principal: Principal;
  /** In milliseconds since 1970; infinite if the key does not expire. */
  readonly expires: number;
  readonly isRevoked: boolean;
}

export interface ApiKeysOptions {
  readonly id: string;
  readonly file: string;
  readonly log: Log;
}

/**
 * Creates the scheme of API keys, which clients send as bearer tokens. The file is read again when it changes. While it
 * cannot be read, no key is accepted, because it is not known which ones were revoked.
 * @throws Fault `keys_unusable` if the file cannot be read at the start
 */
export function createApiKeys({ id: scheme, file, log }: ApiKeysOptions): Authenticate {
  const keys = new KeysOfFile(scheme, file, log);
  return incoming => {
    const token = bearerToken(incoming);
    if (!token?.startsWith(keyPrefix)) return undefined;
    const id = idOfKey(token);
    if (id === undefined) refuseCredentials(scheme, 'malformed');
    const key = keys.find(id);
    if (key === undefined) refuseCredentials(scheme, 'unknown', { key: id });
    if (!timingSafeEqual(hashKey(token), key.hash)) refuseCredentials(scheme, 'wrong_key', { key: id });
    if (key.isRevoked) refuseCredentials(scheme, 'revoked', { key: id });
    if (key.expires <= Date.now()) refuseCredentials(scheme, 'expired', { key: id });
    return key.principal;
  };
}

/** The keys of a file, as it is now. */
class KeysOfFile {
  readonly #scheme: string;
  readonly #file: string;
  readonly #log: Log;
  readonly #unusable: RepeatedWarning;
  #keys: ReadonlyMap<string, KnownKey>;
  #version: string;
  #checked = performance.now();

  constructor(scheme: string, file: string, log: Log) {
    this.#scheme = scheme;
    this.#file = file;
    this.#log = log;
    this.#unusable = new RepeatedWarning(log, 'the file of API keys cannot be read: no key is accepted');
    this.#version = fileVersion(file);
    this.#keys = this.#read();
  }

  find(id: string): KnownKey | undefined {
    const now = performance.now();
    if (now - this.#checked >= checkMs) {
      this.#checked = now;
      this.#refresh();
    }
    return this.#keys.get(id);
  }

  #refresh(): void {
    const version = fileVersion(this.#file);
    if (version === this.#version) return;
    try {
      this.#keys = this.#read();
      this.#version = version;
      this.#log.info({ scheme: this.#scheme, keys: this.#keys.size }, 'read the API keys again');
    } catch (error) {
      this.#keys = new Map();
      const { code, hint, details } = toFault(error);
      this.#unusable.write('', { scheme: this.#scheme, code, hint, details });
      // Read again at the next check, also if nothing changes but what prevented it.
      this.#version = '';
    }
  }

  #read(): ReadonlyMap<string, KnownKey> {
    const scheme = this.#scheme;
    return new Map(
      readKeyFile(this.#file).map(({ id, sha256, subject, tenant, scopes, expires, revoked }) => [
        id,
        {
          hash: Buffer.from(sha256, 'hex'),
          principal: createPrincipal({ scheme, subject, ...(tenant !== undefined && { tenant }), scopes }),
          expires: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
          isRevoked: revoked !== undefined,
        },
      ]),
    );
  }
}
