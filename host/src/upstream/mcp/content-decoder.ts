import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** Receives a decoded body. After `onEnd` or `onError` nothing more comes. */
export interface DecoderListener {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** The body is not in the coding that its header names, or that coding is not supported. */
export class CodingError extends Error {}

/** As in fetch: data is decoded as it arrives, and a body that ends early is accepted. */
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

/** Decodes a body with one content coding (RFC 9110 § 8.4) while it arrives. `destroy` drops the rest of it. */
export class ContentDecoder {
  readonly #coding: string;
  readonly #listener: DecoderListener;
  #stream: Transform | undefined;

  /** @throws CodingError for an unknown coding */
  constructor(coding: string, listener: DecoderListener) {
    if (!Object.hasOwn(decoders, coding)) throw new CodingError(`unknown content-encoding ${coding.slice(0, 40)}`);
    this.#coding = coding;
    this.#listener = listener;
  }

  /** Returns false when its buffer is full; `onDrain` is called once when there is room again. */
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

/** Returns the coding of a body; undefined for one that is not encoded. */
export function codingOf(header: string | undefined): string | undefined {
  const coding = header?.trim().toLowerCase();
  return coding === '' || coding === 'identity' ? undefined : coding;
}
