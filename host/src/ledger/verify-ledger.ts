import { basename } from 'node:path';
import {
  type CheckpointLine,
  type LedgerLine,
  type OpeningLine,
  PublicKeys,
  readLedgerLine,
} from './read-checkpoint.ts';
import { type FileLine, readLines } from './read-lines.ts';
import { follows, genesis, isNext, type Place, readSealed, type SealedLine } from './sealed-line.ts';
import { type Stray, StrayLines } from './stray-lines.ts';
import type { LedgerNotice, LedgerProblem, ProblemKind, Verification, VerifiedFile } from './verification.ts';

export interface VerifyOptions {
  /** The public keys whose signatures count, as PEM. Without any, those in the files are taken, which prove less. */
  readonly keys: readonly string[];
  /** A number that the chain must reach. */
  readonly expectSequence?: number | undefined;
}

/** The problems and notices that are listed; more are counted. */
const mostListed = 100;
/** The ranges of missing numbers that are kept, in case their lines stand further down. */
const mostGaps = 1000;
/** The keys that are listed. */
const mostSigners = 100;

/** Where a line is. */
interface At {
  readonly file: string;
  readonly line: number;
}

/** Numbers that were left out. */
interface Gap extends At {
  readonly from: number;
  readonly to: number;
  readonly isBetweenFiles: boolean;
}

/**
 * Verifies the files of one ledger: that each line follows the one before, and that the signatures are valid. Files are
 * read as streams, in the order of their first numbers. A problem is reported once, and verifying continues after it.
 * @throws the system's error
 */
export async function verifyLedger(files: readonly string[], options: VerifyOptions): Promise<Verification> {
  const verifier = new Verifier(options);
  for (const file of await inOrder(files)) {
    verifier.begin(file);
    for await (const line of readLines(file)) verifier.line(line);
    verifier.end();
  }
  return verifier.result();
}

/** Orders files by the first number that each has. */
async function inOrder(files: readonly string[]): Promise<readonly string[]> {
  // One after the other: there may be more files than a process can open.
  const all: { readonly file: string; readonly first: number }[] = [];
  for (const file of files) all.push({ file, first: await firstNumber(file) });
  return all.toSorted((one, other) => one.first - other.first).map(({ file }) => file);
}

async function firstNumber(file: string): Promise<number> {
  for await (const { bytes } of readLines(file)) {
    const sealed = readSealed(bytes);
    if (sealed !== undefined) return sealed.seq;
  }
  return Infinity;
}

interface HeldLine {
  readonly bytes: Buffer;
  readonly isUnended: boolean;
  readonly sealed: SealedLine;
  readonly own: LedgerLine | undefined;
  readonly at: At;
}

/** Lines that are not of the chain. */
interface Foreign {
  readonly at: At;
  readonly stray: StrayLines;
  /** Whether the file ends within the last of them. */
  isUnended: boolean;
}

/** Where the numbers of lines jump, and the chain before. */
interface Jump extends Pick<Gap, 'from' | 'to'> {
  readonly place: Place;
  readonly at: At;
  readonly isClosed: boolean;
}

class Verifier {
  readonly #options: VerifyOptions;
  readonly #trusted = new PublicKeys();
  /** The keys in the files, where the caller names none. */
  readonly #stated = new PublicKeys();
  readonly #signers = new Set<string>();
  readonly #problems: LedgerProblem[] = [];
  #more = 0;
  readonly #notices: LedgerNotice[] = [];
  readonly #files: VerifiedFile[] = [];
  #gaps: Gap[] = [];
  #at: At = { file: '', line: 0 };
  /** Where the chain is. */
  #place: Place | undefined;
  /** Where it was before the last line, in case that line was inserted. */
  #before: Place | undefined;
  /** The problem that was reported for the last line. */
  #last: LedgerProblem | undefined;
  #first: number | undefined;
  #firstOfFile: number | undefined;
  #isFirstOfFile = true;
  /** Lines that are not of the chain, which the next one may explain. */
  #foreign: Foreign | undefined;
  /** A line that does not follow the one before. */
  #held: HeldLine | undefined;
  /** Where lines begin whose numbers do not follow, until one of them is signed. */
  #jump: Jump | undefined;
  /** Whether a problem was reported since the last line that is of the chain. */
  #hasProblem = false;
  #isClosed = true;
  #checkpoints = 0;
  #signed: { readonly seq: number; readonly time: string } | undefined;
  #unsigned = 0;
  /** The most lines between two signatures, as the last signed beginning states it. */
  #interval = Infinity;
  /** The same of a beginning that is not signed yet. */
  #statedInterval: number | undefined;
  /** What must come next: after an orderly end a beginning, and after a beginning its signature. */
  #expected: 'opening' | 'signature' | undefined;
  #isMissingSignature = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
    for (const pem of options.keys) this.#trusted.add(pem);
  }

  begin(file: string): void {
    this.#at = { file, line: 0 };
    this.#isFirstOfFile = true;
    this.#firstOfFile = undefined;
  }

  line({ number, bytes, isUnended }: FileLine): void {
    const at = { file: this.#at.file, line: number };
    const sealed = readSealed(bytes);
    const own = sealed && readLedgerLine(bytes);
    this.#takeHeld(own);
    this.#at = at;
    if (sealed === undefined) {
      this.#takeForeign(bytes, isUnended);
      return;
    }
    const place = this.#place;
    const isOpening = isOpeningLine(own);
    // Half a line may end like a whole one. The next line says whether it is one.
    if (place !== undefined && !isOpening && !isNext(sealed, place)) {
      this.#held = { bytes: Buffer.from(bytes), isUnended, sealed, own, at };
    } else this.#take(sealed, own);
  }

  /** Takes the line that was held until the next one was read. */
  #takeHeld(next: LedgerLine | undefined): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#at = held.at;
    const { torn, foreign } = isOpeningLine(next) ? next.details : {};
    const { sha256 } = (this.#foreign?.stray ?? new StrayLines()).describe(held.bytes);
    if (sha256 === torn?.sha256 || sha256 === foreign?.sha256) this.#takeForeign(held.bytes, held.isUnended);
    else this.#take(held.sealed, held.own);
  }

  #take(sealed: SealedLine, own: LedgerLine | undefined): void {
    if (isOpeningLine(own)) this.#opening(sealed, own);
    else {
      this.#explainForeign(undefined);
      // A checkpoint names the line that it follows, and signs it.
      if (own?.event === 'audit.checkpoint') this.#place ??= own.details.covers;
    }
    const isInPlace = this.#chain(sealed);
    this.#firstOfFile ??= sealed.seq;
    this.#isFirstOfFile = false;
    if (!isInPlace) return;
    if (own?.event === 'audit.checkpoint') this.#checkpoint(own);
    else {
      this.#checkExpected(sealed, own);
      this.#countUnsigned();
    }
  }

  /** Reports a line where the gateway writes none: it begins a ledger before it writes, and signs the beginning at once. */
  #checkExpected({ seq }: SealedLine, own: LedgerLine | undefined): void {
    if (isOpeningLine(own)) this.#expected = 'signature';
    else if (this.#expected === 'opening') {
      this.#problem('inserted', 'the line follows the end of a ledger that was closed', seq);
      this.#expected = undefined;
    } else if (this.#expected === 'signature' && own?.event !== 'audit.removed') {
      this.#problem('unsigned', 'this line is not the signature that must follow a first line', seq);
      this.#expected = undefined;
    }
  }

  end(): void {
    this.#takeHeld(undefined);
    const foreign = this.#foreign;
    if (foreign?.isUnended === true && (foreign.stray.lines === 1 || foreign.stray.canBeTorn)) {
      this.#notice('the file ends with half a line: the gateway was ended while it wrote', foreign.at);
      this.#foreign = undefined;
    } else this.#explainForeign(undefined);
    const { file, line: lines } = this.#at;
    this.#files.push({ file, lines, first: this.#firstOfFile, last: this.#firstOfFile && this.#place?.seq });
  }

  result(): Verification {
    for (const gap of this.#gaps) this.#reportGap(gap);
    const last = this.#place?.seq;
    if (last === undefined) this.#problem('empty', 'no line of an audit log or of receipts was found');
    this.#checkReached();
    if (last !== undefined && this.#checkpoints === 0 && !this.#problems.some(({ kind }) => kind === 'unknown_key')) {
      this.#problem('unsigned', 'no line has a valid signature');
    }
    const order = new Map(this.#files.map(({ file }, index) => [file, index]));
    const inOrder = (one: At, other: At) =>
      (order.get(one.file) ?? 0) - (order.get(other.file) ?? 0) || one.line - other.line;
    return {
      intact: this.#problems.length === 0,
      files: this.#files,
      first: this.#first,
      last,
      hash: this.#place?.hash,
      signed: this.#signed,
      checkpoints: this.#checkpoints,
      keys: [...this.#signers].map(key => ({ key, trusted: this.#trusted.has(key) })),
      problems: this.#problems.toSorted(inOrder),
      more_problems: this.#more,
      notices: this.#notices,
    };
  }

  /** Reports a chain that ends before the number that it must reach. */
  #checkReached(): void {
    const { expectSequence: expected } = this.#options;
    const last = this.#place?.seq;
    if (last === undefined || expected === undefined || last >= expected) return;
    this.#problem('cut_short', `the chain ends with ${last}, and ${expected} was expected`, expected);
  }

  /** Takes a line that has no number and hash. */
  #takeForeign(bytes: Buffer, isUnended: boolean): void {
    // What an older gateway wrote into the file has neither.
    if (this.#place === undefined && this.#foreign === undefined) {
      this.#notice('the lines before the chain begins are not protected');
    }
    this.#foreign ??= { at: this.#at, stray: new StrayLines(), isUnended };
    this.#foreign.isUnended = isUnended;
    this.#foreign.stray.add(bytes);
  }

  /** Reports lines that are not of the chain, unless the next line says that a process was ended while it wrote them. */
  #explainForeign(torn: Stray | undefined): void {
    const foreign = this.#foreign;
    this.#foreign = undefined;
    if (foreign === undefined || this.#place === undefined) return;
    const { at, stray } = foreign;
    const { bytes, sha256 } = stray.describe();
    const isOne = stray.lines === 1;
    if (stray.canBeTorn && torn?.bytes === bytes && torn.sha256 === sha256) {
      const [what, times] = isOne ? ['half a line', ''] : [`halves of ${stray.lines} lines`, ' each time'];
      this.#notice(`${what}: the gateway was ended while it wrote${times}, and has recorded that`, at);
    } else {
      const what = isOne ? 'a line is' : `${stray.lines} lines are`;
      this.#problem('foreign', `${what} not of the chain: changed, or written by another program`, undefined, at);
    }
  }

  /** Takes the first line of a file, or of a process. */
  #opening(sealed: SealedLine, { event, details }: OpeningLine): void {
    const { previous, torn, foreign, broken, key, public_key: pem, checkpoint } = details;
    this.#explainForeign(torn);
    if (previous !== undefined) this.#leaveJump(previous);
    if (foreign !== undefined && !this.#hasProblem) {
      const what = `${foreign.bytes} bytes that no gateway wrote stood here when the gateway started; they are gone`;
      this.#problem('foreign', what, sealed.seq);
    }
    this.#statedInterval = checkpoint.lines;
    if (this.#interval === Infinity) this.#interval = checkpoint.lines;
    if (this.#options.keys.length === 0 && this.#stated.add(pem) !== key) {
      this.#problem('signature', 'the public key is not the one that the line names', sealed.seq);
    }
    if (broken !== undefined) {
      const what = broken === 'head' ? 'the .head beside the file' : 'no line at the end of the file';
      const verb = broken === 'head' ? 'could not be verified' : 'could be verified';
      this.#problem('restarted', `when the gateway started here, ${what} ${verb}`, sealed.seq);
    }
    if (previous === undefined && this.#place !== undefined && sealed.seq === 1) this.#restart(broken !== undefined);
    // The line itself says what it follows, so that its own hash can be verified.
    else if (this.#place === undefined) this.#place = previous ?? genesis;
    else if (event === 'audit.resumed' && !this.#isClosed) {
      const signed = this.#unsigned === 0 ? '' : `; what it wrote last, ${this.#unsigned} lines, is signed only here`;
      this.#notice(`the gateway started here, and had not closed the ledger before: it was ended by force${signed}`);
    }
  }

  /** Goes back to where lines with numbers of their own began, if a gateway that started did not continue them. */
  #leaveJump({ seq, hash }: Place): void {
    const jump = this.#jump;
    if (jump === undefined || jump.place.seq !== seq || jump.place.hash !== hash) return;
    this.#jump = undefined;
    this.#gaps = this.#gaps.filter(({ from, to }) => from < jump.from || to > jump.to);
    const what = 'the lines from here on are not of the chain: the gateway that started next did not continue them';
    this.#problem('foreign', what, undefined, jump.at);
    this.#place = jump.place;
    this.#before = undefined;
    this.#isClosed = jump.isClosed;
  }

  /** Takes the beginning of another chain. */
  #restart(isReported: boolean): void {
    if (isReported) this.#last = undefined;
    else if (this.#isClosed) this.#notice('another chain begins; the one before was closed');
    else this.#problem('restarted', 'another chain begins, and the one before was not closed', 1);
    this.#checkReached();
    this.#place = genesis;
    this.#before = undefined;
    this.#unsigned = 0;
  }

  /** Checks that a line follows the one before. Returns whether the chain continues with it. */
  #chain(sealed: SealedLine): boolean {
    const place = this.#place;
    const { seq, hash } = sealed;
    if (place === undefined) {
      this.#notice(`the chain begins with ${seq}, which is not checked itself: what it follows was not given`);
      return this.#goOn(sealed);
    }
    this.#first ??= seq;
    if (seq === place.seq + 1) {
      if (follows(sealed, place.hash)) return this.#goOn(sealed);
      const why = 'the line was changed, or the one before it was replaced';
      const found = this.#problem('changed', why, seq);
      this.#expected = undefined;
      this.#goOn(sealed);
      this.#last = found;
      return true;
    }
    if (seq > place.seq) {
      const [from, to] = [place.seq + 1, seq - 1];
      this.#jump ??= { place, from, to, at: this.#at, isClosed: this.#isClosed };
      this.#addGap({ ...this.#at, from, to, isBetweenFiles: this.#isFirstOfFile });
      this.#goOn(sealed);
      this.#hasProblem = true;
      return true;
    }
    return this.#late(sealed, place, hash);
  }

  /** Takes a line whose number was there already, or belongs further up. */
  #late(sealed: SealedLine, place: Place, hash: string): boolean {
    const { seq } = sealed;
    const before = this.#before;
    if (seq === place.seq && before !== undefined && hash !== place.hash && follows(sealed, before.hash)) {
      // The line before this one has its number, and this one is the one that follows.
      const found = this.#last === undefined ? -1 : this.#problems.indexOf(this.#last);
      if (found !== -1) this.#problems.splice(found, 1);
      this.#problem('inserted', `two lines have the number ${seq}: one was inserted`, seq);
      return this.#goOn(sealed, before);
    }
    const gap = this.#gaps.find(({ from, to }) => seq >= from && seq <= to);
    if (gap !== undefined) {
      // Beyond the bound a gap stays as it is: it may be named although some of its lines stand further down.
      if (this.#gaps.length < mostGaps)
        this.#gaps = this.#gaps.flatMap(each =>
          each !== gap
            ? [each]
            : [
                { ...gap, to: seq - 1 },
                { ...gap, from: seq + 1 },
              ].filter(({ from, to }) => from <= to),
        );
      this.#problem('reordered', `the line belongs further up, before ${place.seq}`, seq);
    } else if (seq === place.seq && hash === place.hash) {
      this.#problem('duplicated', 'the line is a duplicate', seq);
    } else this.#problem('inserted', 'a line with this number was there already', seq);
    return false;
  }

  #goOn({ seq, hash }: Place, before = this.#place): true {
    this.#first ??= seq;
    this.#before = before;
    this.#last = undefined;
    this.#hasProblem = false;
    this.#place = { seq, hash };
    this.#isClosed = false;
    return true;
  }

  #checkpoint(line: CheckpointLine): void {
    const { key, covers, reason } = line.details;
    const covered = this.#before;
    const isOfPlace = covered === undefined || (covers.seq === covered.seq && covers.hash === covered.hash);
    const keys = this.#options.keys.length === 0 ? this.#stated : this.#trusted;
    const isValid = isOfPlace && keys.signs(line, covers);
    this.#isClosed = reason === 'closed';
    this.#expected = this.#isClosed && this.#last === undefined ? 'opening' : undefined;
    if (this.#signers.size < mostSigners && isValid !== false) this.#signers.add(key);
    if (isValid === undefined) {
      return void this.#problem('unknown_key', `signed by another key: ${key}`, this.#place?.seq);
    }
    if (!isValid) {
      const why = isOfPlace ? 'the signature is not valid' : 'the signature is of another line';
      return void this.#problem('signature', why, this.#place?.seq);
    }
    this.#jump = undefined;
    this.#checkpoints += 1;
    this.#unsigned = 0;
    this.#interval = this.#statedInterval ?? this.#interval;
    this.#statedInterval = undefined;
    this.#isMissingSignature = false;
    this.#signed = { seq: covers.seq, time: line.time };
  }

  #countUnsigned(): void {
    this.#unsigned += 1;
    // Lines that the ledger writes about itself come on top.
    if (this.#unsigned <= this.#interval + 2 || this.#isMissingSignature) return;
    this.#isMissingSignature = true;
    this.#problem('unsigned', `more than ${this.#interval} lines without a valid signature`, this.#place?.seq);
  }

  #addGap(gap: Gap): void {
    this.#expected = undefined;
    if (this.#gaps.length < mostGaps) this.#gaps.push(gap);
    else this.#reportGap(gap);
  }

  #reportGap({ from, to, isBetweenFiles, file, line }: Gap): void {
    const what = from === to ? `line ${from} is` : `lines ${from} to ${to} are`;
    const where = isBetweenFiles ? `before ${basename(file)}: a file was removed or not given` : 'before this line';
    this.#problem('removed', `${what} missing ${where}`, from, { file, line });
  }

  #problem(kind: ProblemKind, message: string, seq?: number, at: At = this.#at): LedgerProblem {
    const problem = { kind, ...at, seq, message };
    this.#hasProblem = true;
    if (this.#problems.length < mostListed) this.#problems.push(problem);
    else this.#more += 1;
    return problem;
  }

  #notice(message: string, at: At = this.#at): void {
    if (this.#notices.length < mostListed) this.#notices.push({ file: at.file, line: at.line, message });
  }
}

const isOpeningLine = (line: LedgerLine | undefined): line is OpeningLine =>
  line?.event === 'audit.opened' || line?.event === 'audit.resumed';
