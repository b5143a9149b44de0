import { fail } from '../core/fault.ts';
import { isNotFound } from '../core/system-error.ts';
import { appendToKeyFile, readKeyFile, type StoredKey } from '../identity/api-key/key-file.ts';
import { createKeyText, hashKey, idOfKey } from '../identity/api-key/key-text.ts';
import type { KeyCommand, NewKeyCommand, RevokeKeyCommand } from './command.ts';
import { readConfig } from './read-config.ts';

/** A key without its secret, for people and machines. */
export interface ListedKey extends Omit<StoredKey, 'sha256'> {
  readonly state: 'active' | 'expired' | 'revoked';
}

/**
 * Runs `sallyport key new`: creates an API key and stores its hash. The key itself is in the result, and nowhere else.
 * @throws Fault `usage`, `keys_unusable`; Faults of the configuration
 */
export async function newKey(command: NewKeyCommand): Promise<{ readonly key: string; readonly stored: ListedKey }> {
  const file = await fileOf(command);
  const { subject, tenant, scopes } = command;
  if (subject === '') fail('usage', { subject, hint: '--subject must not be empty' });
  // A file that cannot be read would make the new key useless.
  keysIn(file);
  const expires = expiryOf(command.expires);
  const key = createKeyText();
  const stored = {
    id: idOfKey(key) ?? '',
    sha256: hashKey(key).toString('hex'),
    ...{ subject, ...(tenant !== undefined && { tenant }), scopes: [...scopes] },
    created: new Date().toISOString(),
    ...(expires !== undefined && { expires }),
  };
  await appendToKeyFile(file, stored);
  return { key, stored: listed(stored) };
}

/** Runs `sallyport key list`: lists the keys of a file, without their secrets, which nothing stores. @throws as newKey */
export const listKeys = async (command: KeyCommand): Promise<readonly ListedKey[]> =>
  keysIn(await fileOf(command)).map(listed);

/** Runs `sallyport key revoke`. A running gateway refuses the key within a second. @throws as newKey */
export async function revokeKey(command: RevokeKeyCommand): Promise<ListedKey> {
  const file = await fileOf(command);
  const keys = keysIn(file);
  const key = keys.find(({ id }) => id === command.id);
  if (key === undefined) return fail('usage', { key: command.id, hint: `no key has this id: see sallyport key list` });
  if (key.revoked !== undefined) return listed(key);
  const revoked = new Date().toISOString();
  await appendToKeyFile(file, { id: key.id, revoked });
  return listed({ ...key, revoked });
}

/** Returns the key file of the scheme that is named, or of the only one. The scheme of the management API is `admin`. */
async function fileOf({ config: path, scheme }: KeyCommand): Promise<string> {
  const { identity, admin } = await readConfig(path);
  const all = typeof identity === 'object' ? identity.schemes : [];
  const files = [
    ...all.flatMap(({ id, api_keys: keys }) => (keys === undefined ? [] : [{ id, file: keys.file }])),
    ...(admin?.keys_file === undefined ? [] : [{ id: 'admin', file: admin.keys_file }]),
  ];
  const chosen = scheme === undefined ? files : files.filter(({ id }) => id === scheme);
  const [only] = chosen;
  if (only !== undefined && chosen.length === 1) return only.file;
  const hint =
    files.length === 0
      ? `add a scheme with API keys to ${path}: identity: { schemes: [{ id: keys, api_keys: { file: keys.jsonl } }] }`
      : `choose one of the schemes with API keys: --scheme ${files.map(({ id }) => id).join(' | ')}`;
  return fail('usage', { scheme: scheme ?? 'none', hint });
}

function keysIn(file: string): readonly StoredKey[] {
  try {
    return readKeyFile(file);
  } catch (error) {
    if (error instanceof Error && isNotFound(error.cause)) return [];
    throw error;
  }
}

function listed({ sha256: _, ...key }: StoredKey): ListedKey {
  const isExpired = key.expires !== undefined && Date.parse(key.expires) <= Date.now();
  return { ...key, state: key.revoked !== undefined ? 'revoked' : isExpired ? 'expired' : 'active' };
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

/** Returns the time of expiry from `90d`, `12h`, `30m`, a date or `never`. @throws Fault `usage` */
function expiryOf(text: string): string | undefined {
  if (text === 'never') return undefined;
  const { amount, unit = '' } = /^(?<amount>\d{1,6})(?<unit>[dhm])$/.exec(text)?.groups ?? {};
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?$/.test(text);
  const time =
    amount === undefined ? (isDate ? Date.parse(text) : Number.NaN) : Date.now() + Number(amount) * (units[unit] ?? 0);
  const hint = '--expires takes 90d, 12h, 30m, a date in UTC such as 2027-01-31, or never';
  if (Number.isNaN(time)) fail('usage', { expires: text, hint });
  if (time <= Date.now()) fail('usage', { expires: text, hint: 'this time has passed already' });
  return new Date(time).toISOString();
}
