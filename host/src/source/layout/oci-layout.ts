import { stat } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { Fault, fail } from '../../core/fault.ts';
import { contentSource } from '../content.ts';
import type { ContentStore, Manifest } from '../content-store.ts';
import type { Descriptor } from '../descriptor.ts';
import { failToRead } from '../fail-to-read.ts';
import { manifestLimit, parseManifest } from '../manifest.ts';
import { mediaType } from '../media-type.ts';
import { describeReferrer, isReferrersTag, taggedReferrers } from '../referrer.ts';
import type { Source } from '../source.ts';
import { readBlob } from './blob-folder.ts';
import { openImageLayout } from './image-layout.ts';
import { nameOf, readIndex } from './index-file.ts';

/**
 * Creates a Source of a folder that is an OCI image layout: `./folder`, if it contains one artifact, or `./folder:tag`,
 * where the tag is the annotation org.opencontainers.image.ref.name. The folder is only read.
 * @throws Fault `layout_invalid`, `artifact_not_found`, `file_unreadable`, and those of `contentSource`, from its
 * methods
 */
export const ociLayoutSource = (reference: string, baseDir: string, limit?: number): Source =>
  contentSource(layoutContent(reference, baseDir), { reference }, limit);

/**
 * Creates the content of an image layout, named as above. It is written to as `openImageLayout` does; referrers are
 * listed under the tag that the distribution spec has for them, and those that another tool put into index.json are
 * found too.
 */
export function layoutContent(reference: string, baseDir: string): ContentStore {
  const { folder, tag } = parseLayoutReference(reference);
  const directory = resolvePath(baseDir, folder);
  const place = { reference, file: directory };

  const read = async (descriptor: Descriptor): Promise<Uint8Array> => {
    try {
      return await readBlob(directory, descriptor, reference);
    } catch (error) {
      return failToRead(error, reference, directory, { digest: descriptor.digest });
    }
  };

  const index = async (): Promise<readonly Descriptor[]> => {
    if (!(await stat(directory).catch(() => undefined))) {
      return fail('artifact_not_found', { reference, file: directory });
    }
    return readIndex(directory, { reference });
  };

  const manifestOf = async (descriptor: Descriptor): Promise<Manifest> => {
    if (descriptor.size > manifestLimit) fail('manifest_too_large', { reference, limit: manifestLimit });
    return { descriptor, bytes: await read(descriptor) };
  };

  const tagged = async (name: string): Promise<Manifest | undefined> => {
    const held = await index();
    const descriptor = held.find(each => nameOf(each) === name);
    return descriptor && manifestOf(descriptor);
  };

  /** Returns the manifests of index.json that refer to another one, whether they have a name or not. */
  async function referring(
    held: readonly Descriptor[],
  ): Promise<readonly { subject: Digest; descriptor: Descriptor }[]> {
    const found = await Promise.all(
      held.map(async descriptor => {
        if (descriptor.mediaType !== mediaType.imageManifest || descriptor.size > manifestLimit) return [];
        const bytes = await read(descriptor).catch(() => undefined);
        const subject = bytes && subjectOf(bytes, reference);
        return bytes && subject ? [{ subject, descriptor: describeReferrer({ descriptor, bytes }, reference) }] : [];
      }),
    );
    return found.flat();
  }

  return {
    async resolve() {
      const all = await index();
      const referrers =
        tag === undefined ? new Set((await referring(all)).map(({ descriptor }) => descriptor.digest)) : [];
      const artifacts = all.filter(each => !isReferrersTag(nameOf(each)) && ![...referrers].includes(each.digest));
      const found = tag === undefined ? artifacts : all.filter(each => nameOf(each) === tag);
      const names = artifacts.map(each => nameOf(each) ?? '(no name)');
      const [descriptor] = found;
      if (!descriptor) return fail('artifact_not_found', { reference, file: directory, holds: names });
      if (new Set(found.map(({ digest }) => digest)).size > 1) {
        fail('layout_invalid', {
          reference,
          file: directory,
          holds: names,
          hint: `Say which one: ${folder}:${names[0]}`,
        });
      }
      return descriptor;
    },

    read,

    async referrers(subject) {
      const listed = await taggedReferrers({ tagged }, subject, reference);
      const others = (await referring(await index())).filter(each => each.subject === subject);
      const known = new Set(listed.map(({ digest }) => digest));
      return [...listed, ...others.map(each => each.descriptor).filter(({ digest }) => !known.has(digest))];
    },

    async tagged(name) {
      // A folder that will become a layout has no index yet.
      return (await stat(join(directory, 'index.json')).catch(() => undefined)) && tagged(name);
    },

    tags: async () => (await index()).map(nameOf).filter(name => name !== undefined),

    writeBlob: bytes => unlessUnwritable(place, async () => void (await openImageLayout(directory).write(bytes))),

    async writeManifest({ descriptor, bytes }, name) {
      const layout = openImageLayout(directory);
      const { mediaType: type, digest, size } = descriptor;
      await unlessUnwritable(place, async () => {
        await layout.write(bytes);
        if (name !== undefined) await layout.name(name, { mediaType: type, digest, size });
      });
      return false;
    },
  };
}

/** Runs a write. @throws Fault `file_unwritable` for an error of the file system */
async function unlessUnwritable(at: { readonly reference: string; readonly file: string }, write: () => Promise<void>) {
  try {
    await write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Fault || code === undefined) throw error;
    fail('file_unwritable', { ...at, what: code }, error);
  }
}

function subjectOf(bytes: Uint8Array, reference: string): Digest | undefined {
  try {
    return parseManifest(bytes, reference).subject?.digest;
  } catch {
    return undefined; // Reported if it is requested by name.
  }
}

/** Splits a layout's folder from the name in it, as skopeo's `oci:` does: the folder ends at the first colon. */
export function parseLayoutReference(reference: string): { readonly folder: string; readonly tag?: string } {
  const colon = reference.indexOf(':');
  return colon < 0 ? { folder: reference } : { folder: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
