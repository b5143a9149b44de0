import { statSync } from 'node:fs';
import { Fault, Faults } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { readRegularFileSync } from '../../core/regular-file.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { newPlaceholder } from './lane/placeholder.ts';

/** Where one secret is kept: in a variable of the gateway's environment, or in a file that somebody mounted. */
export interface SecretPlace {
  readonly name: string;
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

/** All secrets of the operator. What it hands out is known to the mask from then on. */
export interface Secrets {
  /** The value now; undefined when it cannot be read (any more), or there is no such secret. */
  read(name: string): string | undefined;
  /** What a plugin writes in place of a value that it may use and not see. The same each time. */
  reference(plugin: string, name: string, use: SecretUse): string;
  /** What a placeholder stands for; undefined for what nobody was given. */
  referenced(placeholder: string): SecretReference | undefined;
}

const maximumBytes = 65_536;

/** @throws Faults of `secret_unavailable`: every secret that cannot be read now */
export function openSecrets(
  places: readonly SecretPlace[],
  mask: SecretMask,
  env: NodeJS.ProcessEnv = process.env,
): Secrets {
  const readers = new Map(
    places.map(place => [place.name, place.file === undefined ? () => env[place.env ?? ''] : fileReader(place.file)]),
  );
  const byPlaceholder = new Map<string, SecretReference>();
  const placeholders = new Map<string, string>();

  const read = (name: string): string | undefined => {
    const value = readers.get(name)?.();
    if (value === undefined || value === '') return undefined;
    mask.learn(value);
    return value;
  };

  const missing = places.filter(({ name }) => read(name) === undefined);
  if (missing.length > 0) {
    throw new Faults(
      missing.map(
        ({ name, env: variable, file }) =>
          new Fault('secret_unavailable', {
            secret: name,
            ...(file === undefined
              ? { variable, what: env[variable ?? ''] === undefined ? 'it is not set' : 'it is empty' }
              : { file, what: whyUnread(file) }),
          }),
      ),
    );
  }

  return {
    read,
    reference(plugin, name, use) {
      const key = JSON.stringify([plugin, name]);
      const placeholder = placeholders.get(key) ?? newPlaceholder();
      placeholders.set(key, placeholder);
      byPlaceholder.set(placeholder, { plugin, name, ...use });
      return placeholder;
    },
    referenced: placeholder => byPlaceholder.get(placeholder),
  };
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
