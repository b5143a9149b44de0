import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** Gets what a decoder makes of a body. After `onEnd` or `onError` nothing more comes. */
export interface DecoderListener {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** The body is not in the coding that its header names, or nobody here knows that coding. */
export class CodingError extends Error {}

/** As in fetch: what has arrived is decoded at once, and a body without the end of its coding is taken as it is. */
const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const lenientBrotli = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
};

const decoders: Readonly<Record<string, (first: Buffer) => Transform>> = {
  gzip: () => createGunzip(lenient),
  'x-gzip': () => createGunzip(lenient),
  // The name means zlib's format; some servers send the bare stream (RFC 9110 § 8.4.1.2).
  deflate: first => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate(lenient) : createInflateRaw(lenient)),
  br: () => createBrotliDecompress(lenientBrotli),
  zstd: () => createZstdDecompress(),
};

/** Decodes a body with one content coding (RFC 9110 § 8.4) while it arrives. `destroy` drops what is left of it. */
export class ContentDecoder {
  readonly #coding: string;
  readonly #listener: DecoderListener;
  #stream: Transform | undefined;

  /** @throws CodingError for a coding that is not known */
  constructor(coding: string, listener: DecoderListener) {
    if (!Object.hasOwn(decoders, coding)) throw new CodingError(`unknown content-encoding ${coding.slice(0, 40)}`);
    this.#coding = coding;
    this.#listener = listener;
  }

  /** Returns false while it has enough to do; `onDrain` is called once afterwards. */
  write(chunk: Buffer, onDrain: () => void): boolean {
    this.#stream ??= this.#open(chunk);
    if (this.#stream.write(chunk)) return true;
    this.#stream.once('drain', onDrain);
    return false;
  }

  end(): void {
    if (this.#stream === undefined) this.#listener.onEnd();
    else this.#stream.end();
  }

  destroy(): void {
    this.#stream?.destroy();
  }

  #open(first: Buffer): Transform {
    const stream = decoders[this.#coding]?.(first);
    if (stream === undefined) throw new CodingError(this.#coding);
    stream.on('data', (chunk: Buffer) => this.#listener.onData(chunk));
    stream.on('end', () => this.#listener.onEnd());
    stream.on('error', error => this.#listener.onError(new CodingError(`not ${this.#coding}: ${error.message}`)));
    return stream;
  }
}

/** The coding of a body; undefined where it is as it was written. */
export function codingOf(header: string | undefined): string | undefined {
  const coding = header?.trim().toLowerCase();
  return coding === '' || coding === 'identity' ? undefined : coding;
}
