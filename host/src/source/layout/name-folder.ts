import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestOf } from '../../core/digest.ts';
import { writeDurably } from '../../core/durable-file.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { undefinedIfNotFound } from '../../core/system-error.ts';
import { type Descriptor, descriptorSchema } from '../descriptor.ts';
import { mediaType } from '../media-type.ts';
import { removeLeftOvers, sizeOf } from './blob-folder.ts';
import { nameOf, readIndex, refNameAnnotation } from './index-file.ts';

const namedSchema = z.object({ name: z.string(), descriptor: descriptorSchema.nullable() });

/**
 * The names of a layout. Each has a file of its own in `references/`, so that two writers of different names never
 * conflict; index.json is made from these files, again and again until they no longer differ from it. So the last writer
 * sees what all others have written, and completes the index of a process that ended before it wrote one.
 */
export class NameFolder {
  readonly #directory: string;
  readonly #references: string;
  readonly #temporary: string;
  #prepared: Promise<void> | undefined;

  constructor(directory: string, temporary: string) {
    this.#directory = directory;
    this.#references = join(directory, 'references');
    this.#temporary = temporary;
  }

  async lookUp(name: string): Promise<Descriptor | undefined> {
    const named = await readNamed(this.#file(name));
    if (named) return named.descriptor ?? undefined;
    return (await this.#indexed()).find(descriptor => nameOf(descriptor) === name);
  }

  /** Returns what belongs into the index: what was named here, and what another tool put there. */
  async manifests(): Promise<readonly Descriptor[]> {
    const files = (await readdir(this.#references).catch(undefinedIfNotFound)) ?? [];
    const read = await Promise.all(files.map(file => readNamed(join(this.#references, file))));
    const named = read.filter(entry => entry !== undefined);
    const names = new Set(named.map(({ name }) => name));
    const ours = named.flatMap(({ name, descriptor }) =>
      descriptor === null
        ? []
        : [{ ...descriptor, annotations: { ...descriptor.annotations, [refNameAnnotation]: name } }],
    );
    const others = (await this.#indexed()).filter(descriptor => !names.has(nameOf(descriptor) ?? ''));
    return [...others, ...ours].sort((one, other) => ((nameOf(one) ?? '') < (nameOf(other) ?? '') ? -1 : 1));
  }

  /** Names a manifest; with `undefined`, removes the name. */
  async name(name: string, descriptor: Descriptor | undefined): Promise<void> {
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    await this.#write(this.#file(name), { name, descriptor: descriptor ?? null });
    await this.#writeIndex();
  }

  async #prepare(): Promise<void> {
    await removeLeftOvers(this.#temporary);
    const marker = join(this.#directory, 'oci-layout');
    if ((await sizeOf(marker)) === undefined) await this.#write(marker, { imageLayoutVersion: '1.0.0' });
  }

  async #indexed(): Promise<readonly Descriptor[]> {
    const size = await sizeOf(join(this.#directory, 'index.json'));
    return size === undefined ? [] : readIndex(this.#directory);
  }

  async #writeIndex(): Promise<void> {
    let written: string | undefined;
    for (;;) {
      const index = { schemaVersion: 2, mediaType: mediaType.imageIndex, manifests: await this.manifests() };
      const text = JSON.stringify(index);
      if (text === written) return;
      await this.#write(join(this.#directory, 'index.json'), index);
      written = text;
    }
  }

  #write(file: string, value: unknown): Promise<void> {
    return writeDurably(file, Buffer.from(JSON.stringify(value)), this.#temporary);
  }

  #file(name: string): string {
    return join(this.#references, `${digestOf(Buffer.from(name)).slice('sha256:'.length)}.json`);
  }
}

/** Reads the file of one name. A malformed one counts as absent: the next fetch writes it again. */
async function readNamed(file: string): Promise<z.infer<typeof namedSchema> | undefined> {
  const text = await readRegularFile(file).catch(undefinedIfNotFound);
  if (text === undefined) return undefined;
  try {
    return namedSchema.parse(JSON.parse(text.toString('utf8')));
  } catch {
    return undefined;
  }
}
