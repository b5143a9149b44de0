import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type FaultDetails, fail } from '@sallyport/host/core';
import { defaultArtifactLimit, readBounded } from '@sallyport/host/source';
import { type Entry, fromBufferPromise } from 'yauzl';
import { ZipFile as ZipWriter } from 'yazl';

/** The three files of a plugin in the offline format. */
export interface PluginFiles {
  /** File name of the component, without a folder. The signature has the same name plus `.sig`. */
  readonly name: string;
  readonly component: Uint8Array;
  /** The raw bytes. */
  readonly signature: Uint8Array;
  /** plugin.json, as text. */
  readonly descriptor: Uint8Array;
}

const descriptorName = 'plugin.json';
const fileName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;
const limits = { component: defaultArtifactLimit, signature: 4096, descriptor: 256 * 1024 };
/** The largest accepted zip: three files of the largest size, plus the zip's own records. */
export const zipLimit = limits.component + limits.signature + limits.descriptor + 64 * 1024;

/** Zips the three files. The same files give the same bytes on every machine: no compression, no timestamps. */
export async function writeZip({ name, component, signature, descriptor }: PluginFiles): Promise<Uint8Array> {
  const zip = new ZipWriter();
  // DOS timestamps are local time, so this one is the same in every time zone.
  const options = { mtime: new Date(1980, 0, 1), mode: 0o100644, compress: false, forceDosTimestamp: true };
  for (const [path, bytes] of [
    [descriptorName, descriptor],
    [name, component],
    [`${name}.sig`, signature],
  ] as const) {
    zip.addBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), path, options);
  }
  zip.end();
  return buffer(zip.outputStream);
}

/**
 * Reads such a zip, made by any tool. Refuses names with a folder, links, encrypted or duplicate entries, a fourth file,
 * entries that unpack to more than their stated size or the limit, and bytes before or after the archive.
 * @throws Fault `zip_refused`
 */
export async function readZip(bytes: Buffer, file: string): Promise<PluginFiles> {
  const refuse = (what: string, more: FaultDetails = {}, cause?: unknown): never =>
    fail('zip_refused', { file, what, ...more }, cause);
  const found = new Map<string, Uint8Array>();
  try {
    const zip = await fromBufferPromise(bytes, { strictFileNames: true, validateEntrySizes: true });
    if (zip.entryCount > 3) refuse(`it has ${zip.entryCount} entries`);
    let begin = Number.POSITIVE_INFINITY;
    for await (const entry of zip.eachEntry()) {
      const { fileName: name } = entry;
      const objection = objectionTo(entry, found);
      if (objection !== undefined) refuse(objection, { entry: name });
      begin = Math.min(begin, entry.relativeOffsetOfLocalHeader);
      const limit = limitOf(name);
      const tooLarge = () => refuse(`more than ${limit} bytes`, { entry: name });
      if (entry.uncompressedSize > limit) tooLarge();
      const content = await readBounded(await zip.openReadStreamPromise(entry), limit, tooLarge);
      if (crc32(content) !== entry.crc32) refuse('its content does not match its checksum', { entry: name });
      found.set(name, content);
    }
    if (begin !== 0) refuse('it has bytes before its first entry');
  } catch (error) {
    if (error instanceof Error && error.name === 'Fault') throw error;
    // yauzl's message says what is wrong: a folder in a name, bytes at the end, a wrong size.
    return refuse(error instanceof Error ? error.message : String(error), {}, error);
  }
  const component = [...found.keys()].find(name => name.endsWith('.wasm')) ?? refuse('no entry ends in .wasm');
  const take = (name: string) => found.get(name) ?? refuse(`it has no entry ${name}`);
  return {
    name: component,
    component: take(component),
    signature: take(`${component}.sig`),
    descriptor: take(descriptorName),
  };
}

function objectionTo(entry: Entry, found: ReadonlyMap<string, unknown>): string | undefined {
  const { fileName: name, versionMadeBy, externalFileAttributes } = entry;
  if (found.has(name)) return 'duplicate entry';
  if (!fileName.test(name)) return 'not a plain file name';
  if (entry.isEncrypted()) return 'encrypted';
  // In an entry made on Unix (3) the upper half is the file mode, which may be 0 for unknown.
  const type = versionMadeBy >> 8 === 3 ? (externalFileAttributes >>> 16) & 0o170000 : 0;
  if (type !== 0 && type !== 0o100000) return 'not a regular file';
  if (name !== descriptorName && !/\.wasm(\.sig)?$/.test(name)) return 'not part of a plugin';
  return undefined;
}

function limitOf(name: string): number {
  if (name === descriptorName) return limits.descriptor;
  return name.endsWith('.sig') ? limits.signature : limits.component;
}
