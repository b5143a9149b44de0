import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, isDigest } from '@sallyport/host/core';
import type { ImageLayout } from '@sallyport/host/source';
import { refuse } from './distribution-error.ts';

/** Uploads in progress (OCI distribution spec, § Pushing blobs). */
export interface UploadStore {
  begin(repository: string): Promise<string>;
  /** The number of bytes received so far. */
  size(repository: string, id: string): number;
  /** Appends a chunk. `from` is the offset of its first byte, if the client states it. */
  append(repository: string, id: string, body: AsyncIterable<Uint8Array>, from?: number): Promise<number>;
  /** Finishes the upload: its content becomes a blob if it matches `digest`. */
  finish(repository: string, id: string, digest: string): Promise<Digest>;
  cancel(repository: string, id: string): Promise<void>;
}

export interface UploadLimits {
  /** The largest blob, in bytes. */
  readonly blobBytes: number;
  /** The number of concurrent uploads. Beyond it, the oldest is dropped. */
  readonly uploads: number;
}

interface Upload {
  readonly repository: string;
  readonly file: string;
  size: number;
}

export function createUploadStore(layout: ImageLayout, limits: UploadLimits): UploadStore {
  const uploads = new Map<string, Upload>();

  function find(repository: string, id: string): Upload {
    const upload = uploads.get(id);
    return upload?.repository === repository ? upload : refuse('BLOB_UPLOAD_UNKNOWN', `no upload ${id}`);
  }

  async function drop(id: string): Promise<void> {
    const upload = uploads.get(id);
    uploads.delete(id);
    if (upload) await rm(upload.file, { force: true });
  }

  return {
    async begin(repository) {
      const [oldest] = uploads.keys();
      if (oldest !== undefined && uploads.size >= limits.uploads) await drop(oldest);
      const id = randomUUID();
      const file = await layout.draft();
      await writeFile(file, '');
      uploads.set(id, { repository, file, size: 0 });
      return id;
    },

    size: (repository, id) => find(repository, id).size,

    async append(repository, id, body, from) {
      const upload = find(repository, id);
      if (from !== undefined && from !== upload.size) {
        refuse('BLOB_UPLOAD_INVALID', `the next byte is ${upload.size}, not ${from}`);
      }
      const counted = new Transform({
        transform(chunk: Uint8Array, _encoding, done) {
          upload.size += chunk.byteLength;
          done(upload.size > limits.blobBytes ? new RangeError('too large') : null, chunk);
        },
      });
      try {
        await pipeline(body, counted, createWriteStream(upload.file, { flags: 'a' }));
      } catch (error) {
        await drop(id); // How much of it reached the disk is unknown.
        if (error instanceof RangeError) refuse('SIZE_INVALID', `more than ${limits.blobBytes} bytes`);
        throw error;
      }
      return upload.size;
    },

    async finish(repository, id, digest) {
      const upload = find(repository, id);
      if (!isDigest(digest)) return refuse('DIGEST_INVALID', 'write ?digest=sha256:<64 hex digits>');
      uploads.delete(id);
      if (!(await layout.adopt(upload.file, digest))) refuse('DIGEST_INVALID', `the content does not match ${digest}`);
      return digest;
    },

    async cancel(repository, id) {
      find(repository, id);
      await drop(id);
    },
  };
}
