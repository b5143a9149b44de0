import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { readRegularFileSync } from '../../core/regular-file.ts';

const time = z.iso.datetime();

const createdLine = z.strictObject({
  id: z.string().min(1),
  /** The SHA-256 of the key, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  subject: z.string().min(1),
  tenant: z.string().min(1).optional(),
  scopes: z.array(z.string()),
  created: time,
  expires: time.optional(),
});
const revokedLine = z.strictObject({ id: z.string().min(1), revoked: time });
const line = z.union([createdLine, revokedLine]);

export type KeyLine = z.infer<typeof line>;

/** What is stored of an API key. */
export type StoredKey = z.infer<typeof createdLine> & { readonly revoked?: string };

/**
 * Reads a key file. It is a list of JSON lines that only grows: one line when a key is created, and one when it is
 * revoked. So two commands that write at the same time lose nothing.
 * @throws Fault `keys_unusable` with the line that cannot be read
 */
export function readKeyFile(file: string): readonly StoredKey[] {
  const keys = new Map<string, StoredKey>();
  for (const [index, text] of textOf(file).split('\n').entries()) {
    if (text.trim() === '') continue;
    const refuse: (what: string) => never = what => fail('keys_unusable', { file, line: index + 1, what });
    const parsed = line.safeParse(parseOr(text, () => refuse('not valid JSON')));
    if (!parsed.success) {
      refuse('neither a key (id, sha256, subject, tenant, scopes, created, expires) nor a revocation (id, revoked)');
    }
    const { data } = parsed;
    const known = keys.get(data.id);
    if ('sha256' in data) {
      if (known !== undefined) refuse(`a second key with the id ${data.id}`);
      keys.set(data.id, data);
    } else {
      if (known === undefined) refuse(`it revokes ${data.id}, which is not the id of a key above it`);
      keys.set(data.id, { ...known, revoked: known.revoked ?? data.revoked });
    }
  }
  return [...keys.values()];
}

/** Appends a line, and creates the file, readable only by its owner, if it does not exist. @throws Fault `keys_unusable` */
export async function appendToKeyFile(file: string, added: KeyLine): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await using handle = await open(file, 'a+', 0o600);
    const { size } = await handle.stat();
    const last = Buffer.alloc(1, '\n');
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    // A line that a crash cut off is left for the next reader to report, and spoils no other line.
    const gap = last.toString() === '\n' ? '' : '\n';
    await handle.appendFile(`${gap}${JSON.stringify(added)}\n`);
    await handle.sync();
  } catch (error) {
    fail('keys_unusable', { file, what: fileProblem(error) }, error);
  }
}

function textOf(file: string): string {
  try {
    return readRegularFileSync(file).toString('utf8');
  } catch (error) {
    return fail('keys_unusable', { file, what: fileProblem(error) }, error);
  }
}

function parseOr(text: string, refuse: () => never): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse();
  }
}
