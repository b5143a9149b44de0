import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { Descriptor } from '../descriptor.ts';
import { BlobFolder } from './blob-folder.ts';
import { nameOf } from './index-file.ts';
import { NameFolder } from './name-folder.ts';

/** A named manifest of a layout. */
export interface LayoutEntry {
  readonly name: string;
  readonly descriptor: Descriptor;
}

/**
 * An OCI image layout that several processes may write at the same time without locks, and that stays whole after a
 * crash. What another tool (`skopeo copy`) adds to the index while no process here is writing stays there.
 */
export interface ImageLayout {
  readonly directory: string;
  /** Returns the manifest that has this name. */
  lookUp(name: string): Promise<Descriptor | undefined>;
  entries(): Promise<readonly LayoutEntry[]>;
  /** Names a manifest; with `undefined`, removes the name. */
  name(name: string, descriptor: Descriptor | undefined): Promise<void>;
  /** Reads a blob and hashes it again. Returns undefined if it is absent or does not match, and then removes it. */
  read(descriptor: Descriptor): Promise<Uint8Array | undefined>;
  /** Returns the size of a blob, or undefined if it is absent. */
  size(digest: Digest): Promise<number | undefined>;
  /** Writes a blob. */
  write(bytes: Uint8Array): Promise<Digest>;
  /** Makes a file from `draft()` a blob. Returns false, and removes the file, if it does not match the digest. */
  adopt(file: string, digest: Digest): Promise<boolean>;
  /** Returns a name for a file that is still being written. */
  draft(): Promise<string>;
  remove(digest: Digest): Promise<void>;
}

/** Opens a layout for writing; a folder that is not a layout yet becomes one with the first write. */
export function openImageLayout(directory: string): ImageLayout {
  const temporary = join(directory, 'temporary');
  const blobs = new BlobFolder(directory, temporary);
  const names = new NameFolder(directory, temporary);
  return {
    directory,
    lookUp: name => names.lookUp(name),
    async entries() {
      return (await names.manifests()).flatMap(descriptor => {
        const name = nameOf(descriptor);
        return name === undefined ? [] : [{ name, descriptor }];
      });
    },
    name: (name, descriptor) => names.name(name, descriptor),
    read: descriptor => blobs.read(descriptor),
    size: digest => blobs.size(digest),
    write: bytes => blobs.write(bytes),
    adopt: (file, digest) => blobs.adopt(file, digest),
    draft: () => blobs.draft(),
    remove: digest => blobs.remove(digest),
  };
}
