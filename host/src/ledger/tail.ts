import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type PublicKeys, readLedgerLine, signedPlace } from './read-checkpoint.ts';
import { genesis, isNext, mostSequence, type Place, readSealed, type SealedLine } from './sealed-line.ts';
import { StrayLines } from './stray-lines.ts';

/** The end of a file, as far as it holds. */
export interface Tail {
  /** The last line of the chain in it, if there is one. */
  readonly last?: Place | undefined;
  /** What stands after that line, or in a file without a line that has a number. */
  readonly stray?: StrayLines | undefined;
  /** Whether lines in it have numbers, and none of them holds. */
  readonly isBroken: boolean;
  /** Whether the file ends within a line. */
  readonly isInLine: boolean;
}

const newline = 0x0a;
const step = 2 ** 18;
/** How far back a line of a chain is looked for. Queues hold shorter lines. */
const furthest = 2 ** 26;

/**
 * Reads the end of a regular file. Of its lines, those count that follow, one after the other, a checkpoint with a
 * signature of these keys, or the place that `.head` proves. If none of the keys has signed here, the last lines count
 * that follow each other.
 * @throws the system's error
 */
export function readTail(file: string, keys: PublicKeys, head: Place | undefined): Tail {
  const reader = openSync(file, 'r');
  try {
    const { size } = fstatSync(reader);
    for (let length = Math.min(step, size); length > 0; length = Math.min(length * 4, size, furthest)) {
      const bytes = Buffer.alloc(length);
      readSync(reader, bytes, 0, length, size - length);
      const end = new ChainEnd(keys, head);
      for (const line of linesIn(bytes, length === size)) end.take(line);
      if (end.isSigned || length === size || length === furthest) return tailOf(bytes, end, length === size);
    }
    return { isBroken: false, isInLine: false };
  } finally {
    closeSync(reader);
  }
}

/** A line of the end of a file. */
interface Line {
  readonly bytes: Buffer;
  /** Where the next line begins. */
  readonly end: number;
}

/** @param isWhole whether the bytes are the whole file, so that the first of them begins a line */
function* linesIn(bytes: Buffer, isWhole: boolean): Generator<Line> {
  for (let begin = isWhole ? 0 : bytes.indexOf(newline) + 1; begin < bytes.length; ) {
    const at = bytes.indexOf(newline, begin);
    const end = at === -1 ? bytes.length : at + 1;
    yield { bytes: bytes.subarray(begin, at === -1 ? end : at), end };
    begin = end;
  }
}

function tailOf(bytes: Buffer, { last, hasNumbers }: ChainEnd, isWhole: boolean): Tail {
  const isInLine = bytes.at(-1) !== newline;
  const place = last && { seq: last.seq, hash: last.hash };
  const isDescribed = last !== undefined || (isWhole && !hasNumbers);
  const stray = new StrayLines();
  if (isDescribed) for (const line of linesIn(bytes.subarray(last?.end ?? 0), true)) stray.add(line.bytes);
  const isBroken = last === undefined && hasNumbers;
  return { last: place, stray: stray.lines === 0 ? undefined : stray, isBroken, isInLine };
}

/** The place of a line, and where the next one begins. */
interface PlaceInFile extends Place {
  readonly end: number;
}

/** Lines that follow each other, of which no signature is known. */
interface Run {
  readonly last: PlaceInFile;
  /** Whether its first line begins a chain. */
  readonly isNewChain: boolean;
  /** Whether its last line follows another one, or what it states itself. */
  readonly isFollowing: boolean;
}

/** Finds the last line that holds, of lines that are taken in their order. */
class ChainEnd {
  readonly #keys: PublicKeys;
  readonly #head: Place | undefined;
  #signed: PlaceInFile | undefined;
  #run: Run | undefined;
  hasNumbers = false;

  constructor(keys: PublicKeys, head: Place | undefined) {
    this.#keys = keys;
    this.#head = head;
  }

  get isSigned(): boolean {
    return this.#signed !== undefined;
  }

  get last(): PlaceInFile | undefined {
    return this.#signed ?? (this.#run?.isFollowing === true ? this.#run.last : undefined);
  }

  take({ bytes, end }: Line): void {
    const sealed = readSealed(bytes);
    if (sealed === undefined) return;
    const isFirst = !this.hasNumbers;
    this.hasNumbers = true;
    if (sealed.seq > mostSequence) return;
    const last = { seq: sealed.seq, hash: sealed.hash, end };
    const head = this.#head !== undefined && this.#head.seq > (this.#signed?.seq ?? 0) ? this.#head : undefined;
    if ([this.#signed, head].some(place => place !== undefined && isNext(sealed, place))) {
      this.#signed = last;
      return;
    }
    const before = this.#run;
    const isContinued = before !== undefined && isNext(sealed, before.last);
    const run = isContinued ? { ...before, last, isFollowing: true } : beginRun(sealed, bytes, last);
    this.#run = run;
    // An old line that was appended again is not the end, and neither is a single one of another ledger.
    const isLater = run.isNewChain || last.seq > (this.#signed?.seq ?? 0);
    if (isLater && (isContinued || isFirst) && signedPlace(bytes, this.#keys) !== undefined) {
      this.#signed = last;
      this.#run = undefined;
    }
  }
}

function beginRun(sealed: SealedLine, bytes: Buffer, last: PlaceInFile): Run {
  const own = readLedgerLine(bytes);
  const isOpening = own?.event === 'audit.opened' || own?.event === 'audit.resumed';
  const isFollowing = isOpening && isNext(sealed, own.details.previous ?? genesis);
  return { last, isNewChain: isFollowing && sealed.seq === 1, isFollowing };
}
