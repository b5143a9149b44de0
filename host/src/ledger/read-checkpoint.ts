import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { isNext, mostSequence, type Place, readSealed } from './sealed-line.ts';
import { checkpointText, keyIdOf } from './signing-key.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const place = z.object({ seq: z.number(), hash });
const stray = z.object({ bytes: z.number(), sha256: hash });

/** The lines that a ledger writes about itself. */
const ledgerLine = z.discriminatedUnion('event', [
  z.object({
    event: z.literal(['audit.opened', 'audit.resumed']),
    time: z.string(),
    details: z.object({
      previous: place.extend({ file: z.string().optional() }).optional(),
      torn: stray.optional(),
      foreign: stray.optional(),
      broken: z.string().optional(),
      key: hash,
      public_key: z.string(),
      checkpoint: z.object({ lines: z.number(), seconds: z.number() }),
    }),
  }),
  z.object({
    event: z.literal('audit.checkpoint'),
    time: z.string(),
    details: z.object({ reason: z.string(), covers: place, key: hash, signature: z.string() }),
  }),
  z.object({ event: z.literal('audit.removed'), time: z.string() }),
]);

export type LedgerLine = z.output<typeof ledgerLine>;
export type OpeningLine = Extract<LedgerLine, { event: 'audit.opened' | 'audit.resumed' }>;
export type CheckpointLine = Extract<LedgerLine, { event: 'audit.checkpoint' }>;

const mark = Buffer.from('"event":"audit.');
/** Those lines are short. Parsing a long one of someone else could take all memory. */
const longest = 2 ** 16;

/** Reads a line that a ledger wrote about itself; undefined for other lines. */
export function readLedgerLine(line: Buffer): LedgerLine | undefined {
  if (line.length > longest) return undefined;
  // It stands near the beginning; most lines are not parsed.
  const at = line.subarray(0, 64 + mark.length).indexOf(mark);
  if (at === -1) return undefined;
  try {
    return ledgerLine.safeParse(JSON.parse(line.toString())).data;
  } catch {
    return undefined;
  }
}

/** Public keys by their ids. */
export class PublicKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** Adds a key as PEM. Returns its id; undefined if it is no Ed25519 key. */
  add(pem: string): string | undefined {
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') return undefined;
      const id = keyIdOf(key);
      this.#keys.set(id, key);
      return id;
    } catch {
      return undefined;
    }
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Returns whether a checkpoint signs this place; undefined if its key is not known. */
  signs({ time, details: { key: id, signature } }: CheckpointLine, covered: Place): boolean | undefined {
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    return verify(null, Buffer.from(checkpointText(covered, time)), key, Buffer.from(signature, 'base64'));
  }
}

/** Returns the place of a line, if it is a checkpoint that one of these keys has signed. */
export function signedPlace(line: Buffer, keys: PublicKeys): Place | undefined {
  const sealed = readSealed(line);
  const own = sealed && readLedgerLine(line);
  if (own?.event !== 'audit.checkpoint' || sealed === undefined || sealed.seq > mostSequence) return undefined;
  const { covers } = own.details;
  const { seq, hash } = sealed;
  return isNext(sealed, covers) && keys.signs(own, covers) === true ? { seq, hash } : undefined;
}
