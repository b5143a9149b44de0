import { createHash } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../core/digest.ts';
import { moveDurably, temporaryFile, writeDurably } from '../../core/durable-file.ts';
import { Fault } from '../../core/fault.ts';
import { isNotFound, undefinedIfNotFound } from '../../core/system-error.ts';
import type { Descriptor } from '../descriptor.ts';
import { fileBody, readExactly } from '../read-verified-body.ts';

/** A temporary file that was not changed for a day belongs to a process that has ended. */
const leftOverMs = 24 * 60 * 60 * 1000;

/** Returns where a layout keeps a blob. */
export const blobFile = (directory: string, digest: Digest): string =>
  join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));

/** Reads a blob of a layout and hashes it. @throws Fault `size_mismatch`, `digest_mismatch`; errors of the file system */
export const readBlob = (directory: string, descriptor: Descriptor, reference: string): Promise<Uint8Array> =>
  readExactly(fileBody(blobFile(directory, descriptor.digest)), descriptor, reference);

/** Returns the size of a file, or undefined if it does not exist. */
export const sizeOf = async (file: string): Promise<number | undefined> =>
  (await stat(file).catch(undefinedIfNotFound))?.size;

/** The blobs of a layout, each written under its digest, so that two writers write the same. */
export class BlobFolder {
  readonly #directory: string;
  readonly #temporary: string;

  constructor(directory: string, temporary: string) {
    this.#directory = directory;
    this.#temporary = temporary;
  }

  /** Reads a blob. A blob that does not match its descriptor is removed, and undefined is returned as if it were absent. */
  async read(descriptor: Descriptor): Promise<Uint8Array | undefined> {
    try {
      return await readBlob(this.#directory, descriptor, this.#directory);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!(error instanceof Fault)) throw error;
      await this.remove(descriptor.digest);
      return undefined;
    }
  }

  size(digest: Digest): Promise<number | undefined> {
    return sizeOf(this.#file(digest));
  }

  async write(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    const file = this.#file(digest);
    if ((await sizeOf(file)) !== bytes.byteLength) await writeDurably(file, bytes, this.#temporary);
    return digest;
  }

  draft(): Promise<string> {
    return temporaryFile(this.#temporary);
  }

  async adopt(draft: string, digest: Digest): Promise<boolean> {
    const hash = createHash('sha256');
    for await (const chunk of fileBody(draft)) hash.update(chunk);
    if (`sha256:${hash.digest('hex')}` !== digest) {
      await rm(draft, { force: true });
      return false;
    }
    await using handle = await open(draft, 'r+');
    await handle.sync();
    await moveDurably(draft, this.#file(digest));
    return true;
  }

  remove(digest: Digest): Promise<void> {
    return rm(this.#file(digest), { force: true });
  }

  #file(digest: Digest): string {
    return blobFile(this.#directory, digest);
  }
}

/** Removes temporary files that a process left behind. */
export async function removeLeftOvers(temporary: string): Promise<void> {
  for (const name of (await readdir(temporary).catch(undefinedIfNotFound)) ?? []) {
    const file = join(temporary, name);
    const age = Date.now() - ((await stat(file).catch(undefinedIfNotFound))?.mtimeMs ?? Date.now());
    if (age > leftOverMs) await rm(file, { force: true });
  }
}
