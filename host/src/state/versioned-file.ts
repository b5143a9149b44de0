import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestOf } from '../core/digest.ts';
import { writeDurably } from '../core/durable-file.ts';
import { withFileLock } from '../core/file-lock.ts';
import { makeFolder } from '../core/make-folder.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { undefinedIfNotFound } from '../core/system-error.ts';

/** What a file contained when it was read, and a name for it. A file that does not exist has no text. */
export interface FileVersion {
  readonly text: string | undefined;
  readonly version: string;
}

/** Milliseconds to wait for another process that is writing. */
const lockWaitMs = 2_000;
const othersWrite = 0o002;

/** Thrown for a file that every user of the machine may change. */
export class WritableByOthers extends Error {
  override readonly name = 'WritableByOthers';
}

/**
 * A small file that only this user can read. It is replaced as a whole and durably, and only if it still has what was
 * read before, so that of two processes with the same file neither undoes a change of the other.
 */
export class VersionedFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws WritableByOthers; what the file system throws */
  async read(): Promise<FileVersion> {
    const bytes = await readRegularFile(this.path).catch(undefinedIfNotFound);
    if (bytes === undefined) return { text: undefined, version: versionOf(undefined) };
    if (((await stat(this.path)).mode & othersWrite) !== 0) throw new WritableByOthers('every user may change it');
    const text = bytes.toString('utf8');
    return { text, version: versionOf(text) };
  }

  /**
   * Replaces what the file has, if that is `known`.
   * @returns the new version; undefined if another process has changed the file, or is changing it
   * @throws what the file system throws; then the file is as it was
   */
  async replace(known: string, text: string): Promise<string | undefined> {
    const folder = dirname(this.path);
    await makeFolder(folder, 0o700);
    return withFileLock(this.path, lockWaitMs, async () => {
      if ((await this.read()).version !== known) return undefined;
      await writeDurably(this.path, Buffer.from(text), folder, 0o600);
      return versionOf(text);
    });
  }
}

/** Returns the version of a file with this text. */
export const versionOf = (text: string | undefined): string =>
  digestOf(Buffer.from(text === undefined ? '' : `.${text}`));
