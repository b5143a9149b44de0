import { stat } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { fail } from '../core/fault.ts';
import { type Content, contentSource } from './content.ts';
import { failToRead } from './fail-to-read.ts';
import { readBlob, readIndex, refNameAnnotation } from './image-layout.ts';
import type { Source } from './source.ts';

/**
 * A Source of a folder that is an OCI image layout: `./folder`, when it holds one manifest, or `./folder:tag`, where
 * the tag is the annotation org.opencontainers.image.ref.name. The folder is only read.
 * @throws Fault `layout_invalid`, `artifact_not_found`, `file_unreadable`, and those of `contentSource`, from its methods
 */
export function ociLayoutSource(reference: string, baseDir: string, limit?: number): Source {
  const split = parseLayoutReference(reference);
  const directory = resolvePath(baseDir, split.folder);
  const content: Content = {
    async resolve() {
      const folder = await stat(directory).catch(() => undefined);
      if (!folder) return fail('artifact_not_found', { reference, file: directory });
      const held = await readIndex(directory, { reference });
      const named = held.filter(({ annotations }) => annotations?.[refNameAnnotation] === split.tag);
      const found = split.tag === undefined ? held : named;
      const names = held.map(({ annotations }) => annotations?.[refNameAnnotation] ?? '(no name)');
      const [descriptor] = found;
      if (!descriptor) return fail('artifact_not_found', { reference, file: directory, holds: names });
      if (new Set(found.map(({ digest }) => digest)).size > 1) {
        fail('layout_invalid', {
          reference,
          file: directory,
          holds: names,
          hint: `Say which one: ${split.folder}:${names[0]}`,
        });
      }
      return descriptor;
    },

    async read(descriptor) {
      try {
        return await readBlob(directory, descriptor, reference);
      } catch (error) {
        return failToRead(error, reference, directory, { digest: descriptor.digest });
      }
    },
  };
  return contentSource(content, { reference }, limit);
}

/** The folder ends at the first colon, as for skopeo's `oci:`. */
function parseLayoutReference(reference: string): { readonly folder: string; readonly tag?: string } {
  const colon = reference.indexOf(':');
  return colon < 0 ? { folder: reference } : { folder: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
