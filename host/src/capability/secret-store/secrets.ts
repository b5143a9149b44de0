import { createHmac, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { canonicalJson } from '../../core/canonical-json.ts';
import { Fault, Faults } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { readRegularFileSync } from '../../core/regular-file.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { newPlaceholder } from './lane/placeholder.ts';

/**
 * Where one secret is kept: in a variable of the gateway's environment, or in a mounted file. Without
 * either, only tenants have a value.
 */
export interface SecretPlace {
  readonly name: string;
  /** The tenant whose value it is; absent for the value of all tenants that have none of their own. */
  readonly tenant?: string | undefined;
  readonly env?: string | undefined;
  /** An absolute path. */
  readonly file?: string | undefined;
}

/** Where a placeholder may be replaced by its value. */
export interface SecretUse {
  /** `https://api.example.com`, as URL.origin writes it. */
  readonly origins: readonly string[];
  /** Names of headers, in lower case. */
  readonly headers: readonly string[];
}

interface SecretReference extends SecretUse {
  readonly plugin: string;
  readonly name: string;
}

type Read = () => string | undefined;

const maximumBytes = 65_536;

/** A key of this process, so that a fingerprint says nothing about the values to anyone who reads its memory later. */
const fingerprintKey = randomBytes(32);

/** All secrets of the operator. What it hands out is known to the mask from then on. */
export class Secrets {
  readonly #mask: SecretMask;
  readonly #places: readonly SecretPlace[];
  readonly #values: ReadonlyMap<string, Read>;
  /** The values of tenants by the name of the secret, and then by tenant. */
  readonly #tenantValues: ReadonlyMap<string, ReadonlyMap<string, Read>>;
  readonly #byPlaceholder = new Map<string, SecretReference>();
  readonly #placeholders = new Map<string, string>();

  constructor(places: readonly SecretPlace[], mask: SecretMask, env: NodeJS.ProcessEnv) {
    const values = new Map<string, Read>();
    const tenantValues = new Map<string, Map<string, Read>>();
    for (const place of places) {
      const { name, tenant } = place;
      const read = readerOf(place, env);
      if (read === undefined) continue;
      if (tenant === undefined) values.set(name, read);
      else tenantValues.set(name, (tenantValues.get(name) ?? new Map<string, Read>()).set(tenant, read));
    }
    this.#mask = mask;
    this.#places = places;
    this.#values = values;
    this.#tenantValues = tenantValues;
  }

  /**
   * Returns the value now for a caller of a tenant: the tenant's own, or else that of all. Undefined when it cannot be read
   * (any more), or there is no such secret: a tenant whose own value cannot be read does not get that of all.
   */
  read(name: string, tenant?: string): string | undefined {
    const own = tenant === undefined ? undefined : this.#tenantValues.get(name)?.get(tenant);
    const value = (own ?? this.#values.get(name))?.();
    if (value === undefined || value === '') return undefined;
    this.#mask.learn(value);
    return value;
  }

  /** Returns the tenants that have a value of their own. */
  tenantsOf(name: string): Iterable<string> {
    return this.#tenantValues.get(name)?.keys() ?? [];
  }

  /** Returns whether any tenant has a value of its own. */
  isPerTenant(name: string): boolean {
    return this.#tenantValues.has(name);
  }

  /**
   * Returns a text that changes with the place or the value of one of these secrets, of any tenant. It does not reveal the
   * values.
   */
  fingerprint(names: Iterable<string>): string {
    const asked = new Set(names);
    if (asked.size === 0) return '';
    const digest = createHmac('sha256', fingerprintKey);
    for (const place of this.#places) {
      if (!asked.has(place.name)) continue;
      const value = this.read(place.name, place.tenant) ?? null;
      digest.update(canonicalJson([place.name, place.tenant, place.env, place.file, value]));
    }
    return digest.digest('base64');
  }

  /** Returns what a plugin writes instead of a value that it may use and not see. The same each time. */
  reference(plugin: string, name: string, use: SecretUse): string {
    const key = JSON.stringify([plugin, name]);
    const placeholder = this.#placeholders.get(key) ?? newPlaceholder();
    this.#placeholders.set(key, placeholder);
    this.#byPlaceholder.set(placeholder, { plugin, name, ...use });
    return placeholder;
  }

  /** Returns what a placeholder stands for; undefined for one that was never issued. */
  referenced(placeholder: string): SecretReference | undefined {
    return this.#byPlaceholder.get(placeholder);
  }
}

/** @throws Faults of `secret_unavailable`: every secret that cannot be read now */
export function openSecrets(
  places: readonly SecretPlace[],
  mask: SecretMask,
  env: NodeJS.ProcessEnv = process.env,
): Secrets {
  const secrets = new Secrets(places, mask, env);
  const missing = places.filter(({ name, tenant, env: variable, file }) => {
    const isStated = variable !== undefined || file !== undefined;
    return isStated && secrets.read(name, tenant) === undefined;
  });
  if (missing.length === 0) return secrets;
  throw new Faults(
    missing.map(
      ({ name, tenant, env: variable, file }) =>
        new Fault('secret_unavailable', {
          secret: name,
          ...(tenant !== undefined && { tenant }),
          ...(file === undefined
            ? { variable, what: env[variable ?? ''] === undefined ? 'it is not set' : 'it is empty' }
            : { file, what: whyUnread(file) }),
        }),
    ),
  );
}

function readerOf({ env: variable, file }: SecretPlace, env: NodeJS.ProcessEnv): Read | undefined {
  if (file !== undefined) return fileReader(file);
  return variable === undefined ? undefined : () => env[variable];
}

function whyUnread(file: string): string {
  try {
    const { length } = readRegularFileSync(file);
    return length > maximumBytes ? `it has ${length} bytes` : 'it is empty';
  } catch (error) {
    return fileProblem(error);
  }
}

/** Reads a file again when it is another than it was: mounted secrets are replaced while the gateway runs. */
function fileReader(file: string): () => string | undefined {
  let seen = '';
  let value: string | undefined;
  return () => {
    try {
      const { ino, size, mtimeNs } = statSync(file, { bigint: true });
      const now = `${ino} ${size} ${mtimeNs}`;
      if (now === seen) return value;
      value =
        size > maximumBytes
          ? undefined
          : readRegularFileSync(file)
              .toString('utf8')
              .replace(/\r?\n$/, '');
      seen = now;
    } catch {
      seen = '';
      value = undefined;
    }
    return value;
  };
}
