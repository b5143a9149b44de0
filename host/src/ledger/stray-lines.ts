import { createHash } from 'node:crypto';

/** Bytes in a file that are not of its chain, without the break of their last line. */
export interface Stray {
  readonly bytes: number;
  readonly sha256: string;
}

const newline = Buffer.from('\n');
/** The last byte of an object in JSON, and the longest one that is parsed: longer lines are no events. */
const endOfObject = 0x7d;
const longestObject = 2 ** 20;

/** Consecutive lines that are not of the chain, which are added one after the other. */
export class StrayLines {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #lines = 0;
  #canBeTorn = true;

  add(line: Buffer): void {
    if (this.#lines > 0) {
      this.#hash.update(newline);
      this.#bytes += newline.length;
    }
    this.#hash.update(line);
    this.#bytes += line.length;
    this.#canBeTorn &&= !isWholeObject(line) && (this.#lines === 0 || isHalfOpening(line));
    this.#lines += 1;
  }

  get lines(): number {
    return this.#lines;
  }

  /**
   * Whether killed processes may have left these lines: half of any line, and after it halves of first lines, because
   * each process begins with one.
   */
  get canBeTorn(): boolean {
    return this.#canBeTorn;
  }

  /** @param more a line that is not added yet */
  describe(more?: Buffer): Stray {
    const hash = this.#hash.copy();
    if (more === undefined) return { bytes: this.#bytes, sha256: hash.digest('hex') };
    const gap = this.#lines > 0 ? newline : '';
    return { bytes: this.#bytes + gap.length + more.length, sha256: hash.update(gap).update(more).digest('hex') };
  }
}

function isWholeObject(line: Buffer): boolean {
  if (line.length > longestObject || line.at(-1) !== endOfObject) return false;
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    return false;
  }
}

const time = '{"time":"';
const timeLength = time.length + '2026-11-30T12:00:00.000Z'.length;
const events = ['","event":"audit.resumed"', '","event":"audit.opened"'];

/** Whether a line may be the beginning of one with which a process begins or continues a file. */
function isHalfOpening(line: Buffer): boolean {
  const text = line.toString('latin1', 0, timeLength + 32);
  const rest = text.slice(timeLength);
  return (
    time.startsWith(text.slice(0, time.length)) &&
    events.some(event => rest.startsWith(event) || event.startsWith(rest))
  );
}
