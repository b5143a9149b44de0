import { createHash } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestOf } from '../../core/digest.ts';
import { moveDurably, temporaryFile, writeDurably } from '../../core/durable-file.ts';
import { type FaultDetails, fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { isSystemError } from '../../core/system-error.ts';
import { type Descriptor, descriptorSchema } from '../descriptor.ts';
import { imageIndexSchema } from '../manifest.ts';
import { mediaType } from '../media-type.ts';
import { fileBody, readExactly } from '../read-body.ts';

/** Names a manifest in index.json (OCI image spec, § Pre-Defined Annotation Keys). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/** A named manifest of a layout. */
export interface LayoutEntry {
  readonly name: string;
  readonly descriptor: Descriptor;
}

/**
 * An OCI image layout that several processes may write at the same time, and that a crash leaves whole.
 *
 * Nothing is locked. A blob is written under its digest, so that two writers write the same. A name has a file of its
 * own in `references/`, so that two writers of different names never meet; index.json is made from these files, and
 * made again until they no longer differ from it. Whoever writes last sees what all before have written, and a process
 * that died before it made the index is made up for by the next one. What another tool (`skopeo copy`) adds to the index
 * while nobody here is writing stays there.
 */
export interface ImageLayout {
  readonly directory: string;
  /** What the name stands for. */
  lookUp(name: string): Promise<Descriptor | undefined>;
  entries(): Promise<readonly LayoutEntry[]>;
  /** Names a manifest, or with `undefined` takes the name away. */
  name(name: string, descriptor: Descriptor | undefined): Promise<void>;
  /** The bytes, hashed again; undefined when there are none or others, which are removed. */
  read(descriptor: Descriptor): Promise<Uint8Array | undefined>;
  /** Size of the blob; undefined when there is none. */
  size(digest: Digest): Promise<number | undefined>;
  /** Puts a blob in its place. */
  write(bytes: Uint8Array): Promise<Digest>;
  /** Takes over a file from `draft()` as a blob. False, and the file is gone, when it is not what the digest says. */
  adopt(file: string, digest: Digest): Promise<boolean>;
  /** Name for a file that is still being written. */
  draft(): Promise<string>;
  remove(digest: Digest): Promise<void>;
}

const referenceSchema = z.object({ name: z.string(), descriptor: descriptorSchema.nullable() });
const indexLimit = 64 * 1024 * 1024;
/** A temporary file that nobody touched for a day belongs to a process that is gone. */
const leftOverMs = 24 * 60 * 60 * 1000;

/** Where a layout keeps a blob. */
export const blobFile = (directory: string, digest: Digest): string =>
  join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));

/**
 * The manifests of a layout's index.json. `about` goes into the fault.
 * @throws Fault `layout_invalid`
 */
export async function readIndex(directory: string, about: FaultDetails = {}): Promise<readonly Descriptor[]> {
  const refuse = (file: string, what: string, cause?: unknown) =>
    fail('layout_invalid', { ...about, file, what }, cause);
  const marker = join(directory, 'oci-layout');
  const index = join(directory, 'index.json');
  const version = z.object({ imageLayoutVersion: z.string().regex(/^1\./) });
  if (!version.safeParse(await readJson(marker, refuse)).success) refuse(marker, 'imageLayoutVersion is not 1.x');
  const { data } = imageIndexSchema.safeParse(await readJson(index, refuse));
  return data?.manifests ?? refuse(index, 'not an image index');
}

async function readJson(
  file: string,
  refuse: (file: string, what: string, cause?: unknown) => never,
): Promise<unknown> {
  try {
    if ((await stat(file)).size > indexLimit) return refuse(file, 'too large');
    return JSON.parse((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    return refuse(file, isSystemError(error) ? fileProblem(error) : 'it is not JSON', error);
  }
}

/** Reads a blob of a layout and hashes it. @throws Fault `size_mismatch`, `digest_mismatch`; what the file system throws */
export const readBlob = (directory: string, descriptor: Descriptor, reference: string): Promise<Uint8Array> =>
  readExactly(fileBody(blobFile(directory, descriptor.digest)), descriptor, reference);

/** Opens a layout for writing; a folder that is none yet becomes one with the first write. */
export function openImageLayout(directory: string): ImageLayout {
  const references = join(directory, 'references');
  const temporary = join(directory, 'temporary');
  const referenceFile = (name: string) =>
    join(references, `${digestOf(Buffer.from(name)).slice('sha256:'.length)}.json`);
  const put = (file: string, value: unknown) => writeDurably(file, Buffer.from(JSON.stringify(value)), temporary);
  let prepared: Promise<void> | undefined;

  async function prepare(): Promise<void> {
    for (const name of (await readdir(temporary).catch(ignoreAbsence)) ?? []) {
      const file = join(temporary, name);
      const age = Date.now() - ((await stat(file).catch(ignoreAbsence))?.mtimeMs ?? Date.now());
      if (age > leftOverMs) await rm(file, { force: true });
    }
    if ((await sizeOf(join(directory, 'oci-layout'))) === undefined) {
      await put(join(directory, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
    }
  }

  const foreign = async (): Promise<readonly Descriptor[]> =>
    (await sizeOf(join(directory, 'index.json'))) === undefined ? [] : readIndex(directory);

  async function lookUp(name: string): Promise<Descriptor | undefined> {
    const recorded = await readReference(referenceFile(name));
    if (recorded) return recorded.descriptor ?? undefined;
    return (await foreign()).find(descriptor => nameOf(descriptor) === name);
  }

  const remove = (digest: Digest) => rm(blobFile(directory, digest), { force: true });

  /** What belongs into the index: what has a name here, and what another tool put there. */
  async function manifests(): Promise<readonly Descriptor[]> {
    const files = (await readdir(references).catch(ignoreAbsence)) ?? [];
    const recorded = (await Promise.all(files.map(file => readReference(join(references, file))))).filter(
      entry => entry !== undefined,
    );
    const known = new Set(recorded.map(({ name }) => name));
    const ours = recorded.flatMap(({ name, descriptor }) =>
      descriptor === null
        ? []
        : [{ ...descriptor, annotations: { ...descriptor.annotations, [refNameAnnotation]: name } }],
    );
    const theirs = (await foreign()).filter(descriptor => !known.has(nameOf(descriptor) ?? ''));
    return [...theirs, ...ours].sort((one, other) => ((nameOf(one) ?? '') < (nameOf(other) ?? '') ? -1 : 1));
  }

  async function writeIndex(): Promise<void> {
    let written: string | undefined;
    for (;;) {
      const index = { schemaVersion: 2, mediaType: mediaType.imageIndex, manifests: await manifests() };
      const text = JSON.stringify(index);
      if (text === written) return;
      await put(join(directory, 'index.json'), index);
      written = text;
    }
  }

  return {
    directory,
    lookUp,

    async entries() {
      return (await manifests()).flatMap(descriptor => {
        const name = nameOf(descriptor);
        return name === undefined ? [] : [{ name, descriptor }];
      });
    },

    async name(name, descriptor) {
      prepared ??= prepare();
      await prepared;
      await put(referenceFile(name), { name, descriptor: descriptor ?? null });
      await writeIndex();
    },

    async read(descriptor) {
      try {
        return await readBlob(directory, descriptor, directory);
      } catch (error) {
        if (isAbsence(error)) return undefined;
        if (!(error instanceof Error && error.name === 'Fault')) throw error;
        await remove(descriptor.digest);
        return undefined;
      }
    },

    size: digest => sizeOf(blobFile(directory, digest)),

    async write(bytes) {
      const digest = digestOf(bytes);
      const file = blobFile(directory, digest);
      if ((await sizeOf(file)) !== bytes.byteLength) await writeDurably(file, bytes, temporary);
      return digest;
    },

    async adopt(file, digest) {
      const hash = createHash('sha256');
      for await (const chunk of fileBody(file)) hash.update(chunk);
      if (`sha256:${hash.digest('hex')}` !== digest) {
        await rm(file, { force: true });
        return false;
      }
      await using handle = await open(file, 'r+');
      await handle.sync();
      await moveDurably(file, blobFile(directory, digest));
      return true;
    },

    draft: () => temporaryFile(temporary),
    remove,
  };
}

/** A reference file that cannot be read is treated as absent: it is written anew with the next fetch. */
async function readReference(file: string): Promise<z.infer<typeof referenceSchema> | undefined> {
  const text = await readRegularFile(file).catch(ignoreAbsence);
  if (text === undefined) return undefined;
  try {
    return referenceSchema.parse(JSON.parse(text.toString('utf8')));
  } catch {
    return undefined;
  }
}

const sizeOf = async (file: string): Promise<number | undefined> => (await stat(file).catch(ignoreAbsence))?.size;

const nameOf = ({ annotations }: Descriptor): string | undefined => annotations?.[refNameAnnotation];

const isAbsence = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

function ignoreAbsence(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}
