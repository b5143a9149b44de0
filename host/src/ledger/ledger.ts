import { genesis, type Place, seal } from './sealed-line.ts';
import type { SigningKey } from './signing-key.ts';
import type { Stray } from './stray-lines.ts';

/** Why a ledger was signed: because it was begun, because it was time, or because a file or a process ends. */
export type CheckpointReason = 'opened' | 'interval' | 'rotated' | 'closed';

/** How often a ledger is signed. */
export interface CheckpointInterval {
  readonly lines: number;
  readonly seconds: number;
}

/** A line that was sealed, with what it was made from. */
export interface Written {
  readonly line: string;
  readonly place: Place;
  /** The object in JSON; undefined for lines of the ledger itself, which are made again instead of sealed again. */
  readonly object?: string | undefined;
}

/** What a ledger continues. */
export interface Continued {
  /** The last line before; undefined at the beginning of a chain. */
  readonly place?: Place | undefined;
  /** The file of that line, if it is another one. */
  readonly file?: string | undefined;
  /** What killed processes have left after that line. */
  readonly torn?: Stray | undefined;
  /** What else stands after that line, and is of no gateway. */
  readonly foreign?: Stray | undefined;
  /** What should have said where the chain ends, and could not be verified. */
  readonly broken?: 'file' | 'head' | undefined;
}

/**
 * Seals lines: each gets the next number and a hash that covers the line before, and now and then a checkpoint signs
 * where the chain is.
 */
export class Ledger {
  readonly #key: SigningKey;
  readonly #interval: CheckpointInterval;
  #place: Place;
  /** The number of lines since the last checkpoint. */
  #unsigned = 0;

  constructor(key: SigningKey, interval: CheckpointInterval, place: Place = genesis) {
    this.#key = key;
    this.#interval = interval;
    this.#place = place;
  }

  get place(): Place {
    return this.#place;
  }

  get isUnsigned(): boolean {
    return this.#unsigned > 0;
  }

  /** Seals the line of an event. */
  event(object: string): Written {
    this.#unsigned += 1;
    return this.#seal(object, object);
  }

  /** Returns the line with which a file begins, or a process that continues a file. */
  opening(event: 'audit.opened' | 'audit.resumed', { place, file, ...found }: Continued): Written {
    const { keyId: key, publicKey } = this.#key;
    const previous = place && { ...(file !== undefined && { file }), seq: place.seq, hash: place.hash };
    return this.#own(event, { v: 1, previous, ...found, key, public_key: publicKey, checkpoint: this.#interval });
  }

  /** Returns a line about the ledger itself. */
  note(event: string, details: object): Written {
    return this.#own(event, details);
  }

  /** Returns whether the next line should be a checkpoint. */
  get isDue(): boolean {
    return this.#unsigned >= this.#interval.lines;
  }

  /** Signs where the chain is. */
  checkpoint(reason: CheckpointReason): Written {
    const time = new Date().toISOString();
    const { seq, hash } = this.#place;
    const signature = this.#key.sign(this.#place, time);
    const details = { reason, covers: { seq, hash }, key: this.#key.keyId, signature };
    const written = this.#seal(JSON.stringify({ time, event: 'audit.checkpoint', details }));
    this.#unsigned = 0;
    return written;
  }

  /** Goes back to a line, because the lines after it could not be written. */
  goBack(place: Place): void {
    this.#place = place;
    this.#unsigned += 1;
  }

  #own(event: string, details: object): Written {
    this.#unsigned += 1;
    return this.#seal(JSON.stringify({ time: new Date().toISOString(), event, details }));
  }

  /** @param own the object again, if it can be sealed again */
  #seal(object: string, own?: string): Written {
    const { line, seq, hash } = seal(object, this.#place);
    this.#place = { seq, hash };
    return { line, place: this.#place, object: own };
  }
}
