import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestOf } from '../../../core/digest.ts';
import { fail } from '../../../core/fault.ts';
import { fileProblem } from '../../../core/file-problem.ts';
import { foreignWriter } from '../../../core/foreign-writer.js';
import type { Log } from '../../../core/log.ts';
import { makeFolder } from '../../../core/make-folder.ts';

const indexSchema = z.strictObject({ files: z.record(z.string().regex(/^[\w.-]+$/), z.string()), mac: z.string() });
type Files = ReadonlyMap<string, Uint8Array>;

const keyFile = 'key';
const keyBytes = 32;
const ownerAlone = 0o600;
/** The age at which drafts of a process on another machine count as abandoned. */
const draftAgeMs = 60 * 60 * 1000;

/**
 * Keeps translated components on disk. An entry is a folder that appears as a whole: it is written under another name,
 * then renamed. Its files are hashed again when they are read, and their hashes are authenticated by a key that only
 * this user can read. An entry that does not match is made again. A folder that other users can write to is not used.
 */
export class CompileCache {
  readonly #directory: string;
  readonly #log: Log;
  #key: Promise<Buffer | undefined> | undefined;

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /**
   * Returns the files of an entry; undefined if they are missing, or this user did not write them.
   * @throws Fault `cache_unusable`
   */
  async read(entry: Digest): Promise<Files | undefined> {
    const key = await this.#opened();
    if (key === undefined) return undefined;
    const folder = this.#folder(entry);
    try {
      const { files: hashes, mac } = indexSchema.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
      if (!timingSafeEqual(Buffer.from(mac, 'hex'), macOf(key, entry, hashes))) return undefined;
      const files = new Map<string, Uint8Array>();
      for (const [name, digest] of Object.entries(hashes)) {
        const bytes = await readFile(join(folder, name));
        if (digestOf(bytes) !== digest) return undefined;
        files.set(name, bytes);
      }
      return files;
    } catch {
      return undefined;
    }
  }

  /** @throws Fault `cache_unusable` */
  async write(entry: Digest, files: Files): Promise<void> {
    const key = await this.#opened();
    if (key === undefined) return;
    const folder = this.#folder(entry);
    const draft = `${folder}.${hostname()}.${process.pid}.${randomUUID()}`;
    try {
      await makeFolder(draft, 0o700);
      const hashes = Object.fromEntries([...files].map(([name, bytes]) => [name, digestOf(bytes)]));
      const index = { files: hashes, mac: macOf(key, entry, hashes).toString('hex') };
      for (const [name, bytes] of files) await writeFile(join(draft, name), bytes, { mode: ownerAlone });
      await writeFile(join(draft, 'index.json'), JSON.stringify(index), { mode: ownerAlone });
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      await rm(draft, { recursive: true, force: true }).catch(() => {});
      this.#unusable(error);
    }
    // Another process may have written the same entry meanwhile. Then its entry is kept.
    await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  }

  /** Returns the key, after the folder was created and checked; undefined if the folder is not used. */
  #opened(): Promise<Buffer | undefined> {
    this.#key ??= this.#open();
    return this.#key;
  }

  async #open(): Promise<Buffer | undefined> {
    try {
      await makeFolder(this.#directory, 0o700);
      const foreign = foreignWriter(this.#directory);
      if (foreign !== undefined) {
        const hint = `make ${foreign} writable only by this user, or set another cache_dir`;
        this.#log.warn(
          { folder: this.#directory, writable: foreign, hint },
          'not caching compiled plugins, so each start compiles them again: other users can write to the cache',
        );
        return undefined;
      }
      await this.#removeDrafts();
      return await this.#readKey();
    } catch (error) {
      return this.#unusable(error);
    }
  }

  async #readKey(): Promise<Buffer> {
    const file = join(this.#directory, keyFile);
    const { mode, uid } = await stat(file).catch(() => ({ mode: 0, uid: -1 }));
    const isOurs = (mode & 0o177) === 0 && (process.getuid === undefined || uid === process.getuid());
    const key = isOurs ? await readFile(file) : Buffer.alloc(0);
    if (key.length === keyBytes) return key;
    // Two processes may write it at the same time. The last one wins, and the entries of the other are made again.
    const draft = `${file}.${hostname()}.${process.pid}.${randomUUID()}`;
    await writeFile(draft, randomBytes(keyBytes), { mode: ownerAlone, flag: 'wx' });
    await rename(draft, file);
    return await readFile(file);
  }

  /** Removes the drafts of processes that were killed while they wrote. */
  async #removeDrafts(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!name.includes('.')) continue;
      const path = join(this.#directory, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      const parts = name.split('.');
      const isOurs = parts.slice(1, -2).join('.') === hostname();
      const isGone = isOurs && !isRunning(Number(parts.at(-2)));
      if (isGone || Date.now() - mtimeMs > draftAgeMs) await rm(path, { recursive: true, force: true });
    }
  }

  #unusable(error: unknown): never {
    const file = error instanceof Error && 'path' in error ? String(error.path) : this.#directory;
    return fail('cache_unusable', { file, what: fileProblem(error) }, error);
  }

  #folder(entry: Digest): string {
    return join(this.#directory, entry.replace('sha256:', ''));
  }
}

const macOf = (key: Buffer, entry: Digest, hashes: Readonly<Record<string, string>>): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([entry, hashes]))
    .digest();

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
