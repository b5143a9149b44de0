import type { Json } from '../../core/json.ts';
import { KeptNumber } from '../../core/json-number.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { KeyedHashes } from './keyed-hash.ts';
import { type HookCallRecord, lineOf } from './receipt-line.ts';

/** A record, and roughly how much room its values take. */
export interface Measured {
  readonly record: HookCallRecord;
  readonly characters: number;
}

/** The characters of the values of one change that are compared. Hashing larger ones takes long enough. */
const mostCompared = 2 ** 20;

/** Writes receipts as JSON, with hashes instead of values. */
export class ReceiptFormat {
  readonly #hashes: KeyedHashes;
  readonly #mask: SecretMask;

  constructor(key: Uint8Array, mask: SecretMask) {
    this.#hashes = new KeyedHashes(key);
    this.#mask = mask;
  }

  /** @param event is a member of its own in the line, if the line is one among others */
  line({ record, characters }: Measured, dropped: number, event?: string): string {
    const { change } = record;
    const isLarge = change !== undefined && characters > mostCompared;
    const { v, time, ...line } = lineOf(isLarge ? { ...record, change: { ...change, isLarge } } : record, this.#hashes);
    const code = line.code && { code: this.#mask.text(line.code) };
    return JSON.stringify({ v, time, event, ...line, ...code, ...(dropped > 0 && { dropped }) });
  }
}

export function measure(record: HookCallRecord): Measured {
  return { record, characters: charactersOf(record.change?.before, record.change?.after, record.answer) };
}

/** Returns roughly how much room values take, in characters. */
function charactersOf(...values: readonly (Json | undefined)[]): number {
  let characters = 0;
  const left: (Json | undefined)[] = [...values];
  while (left.length > 0) {
    const value = left.pop();
    characters += typeof value === 'string' ? value.length : 8;
    if (typeof value !== 'object' || value === null || value instanceof KeptNumber) continue;
    for (const member of Object.values(value)) left.push(member);
  }
  return characters;
}
