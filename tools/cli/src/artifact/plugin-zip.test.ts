import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { componentWith, descriptorOf, keyPair } from '../../../../test/fixtures/signed-plugin.ts';
import { readZip, writeZip } from './plugin-zip.ts';

const component = componentWith();
const files = {
  name: 'redact.wasm',
  component,
  signature: keyPair().sign(component).signature,
  descriptor: Buffer.from(JSON.stringify(descriptorOf())),
};

/** One entry, and what is wrong with it. */
interface Entry {
  readonly name: string;
  readonly content?: Uint8Array;
  readonly flags?: number;
  /** Unix mode. */
  readonly mode?: number;
  readonly deflated?: boolean;
  /** What it says that it unpacks to. */
  readonly size?: number;
  readonly crc?: number;
}

/** Zips as no honest tool does (APPNOTE.TXT § 4.3). */
function zipOf(entries: readonly Entry[]): Buffer {
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const { name, content = Buffer.alloc(0), flags = 0, mode = 0o100644, deflated = false, size, crc } of entries) {
    const data = deflated ? deflateRawSync(content) : Buffer.from(content);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(flags, 2);
    shared.writeUInt16LE(deflated ? 8 : 0, 4);
    shared.writeUInt32LE(crc ?? crc32(content), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(size ?? content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const head = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), shared, rest, Buffer.from(name)]));
    local.push(head);
    offset += head.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
}

const good: readonly Entry[] = [
  { name: 'plugin.json', content: files.descriptor },
  { name: 'redact.wasm', content: files.component },
  { name: 'redact.wasm.sig', content: files.signature },
];
const [json, wasm, sig] = good as [Entry, Entry, Entry];
const bomb = Buffer.alloc(4 * 1024 * 1024);

describe('[CLI-09] a zip', () => {
  it('is the same each time for the same files, and gives them back', async () => {
    const zip = Buffer.from(await writeZip(files));
    expect(Buffer.from(await writeZip(files))).toEqual(zip);
    const read = await readZip(zip, 'x.zip');
    expect(read.name).toBe('redact.wasm');
    for (const part of ['component', 'signature', 'descriptor'] as const) {
      expect(Buffer.compare(read[part], Buffer.from(files[part]))).toBe(0);
    }
  });

  it.each([
    ['in another order', [sig, wasm, json]],
    ['compressed', good.map(each => ({ ...each, deflated: true }))],
    ['without Unix modes', good.map(each => ({ ...each, mode: 0 }))],
  ])('of another tool is read: %s', async (_, entries) => {
    const { component: bytes } = await readZip(zipOf(entries), 'x.zip');
    expect(Buffer.compare(bytes, component)).toBe(0);
  });

  it.each<[string, readonly Entry[], RegExp]>([
    ['leads out of the folder', [json, { ...wasm, name: '../redact.wasm' }, sig], /relative path|plain file name/],
    ['has an absolute name', [json, { ...wasm, name: '/redact.wasm' }, sig], /absolute path|plain file name/],
    ['has a drive in a name', [json, { ...wasm, name: 'C:redact.wasm' }, sig], /absolute path|plain file name/],
    [
      'has a backslash in a name',
      [json, { ...wasm, name: '..\\redact.wasm' }, sig],
      /invalid characters|plain file name/,
    ],
    ['has a folder in a name', [json, { ...wasm, name: 'a/redact.wasm' }, sig], /plain file name/],
    ['has a hidden file', [json, { ...wasm, name: '.redact.wasm' }, sig], /plain file name/],
    ['holds a link', [json, { ...wasm, mode: 0o120777 }, sig], /not a regular file/],
    ['holds a folder', [json, { ...wasm, mode: 0o040755 }, sig], /not a regular file/],
    ['has an entry twice', [json, wasm, wasm], /duplicate/],
    ['has a fourth entry', [...good, { name: 'more.wasm' }], /4 entries/],
    ['has an entry of another kind', [json, wasm, { ...sig, name: 'install.sh' }], /not part of a plugin/],
    ['is encrypted', [json, { ...wasm, flags: 1, deflated: true }, sig], /encrypted/],
    ['is strongly encrypted', [json, { ...wasm, flags: 0x41 }, sig], /encryption/],
    ['has no component', [json, sig], /no entry ends in \.wasm/],
    ['has no signature', [json, wasm], /no entry redact\.wasm\.sig/],
    ['has the signature of another', [json, wasm, { ...sig, name: 'x.wasm.sig' }], /no entry redact\.wasm\.sig/],
    ['has no descriptor', [wasm, sig], /no entry plugin\.json/],
    ['unpacks to more than it may', [{ ...json, content: bomb, deflated: true }, wasm, sig], /more than 262144 bytes/],
    [
      'unpacks to more than it says',
      [{ ...json, content: bomb, deflated: true, size: 100 }, wasm, sig],
      /too many bytes/,
    ],
    ['has a sum that is not true', [json, { ...wasm, crc: 1 }, sig], /checksum/],
  ])('that %s is refused', async (_, entries, what) => {
    await expect(readZip(zipOf(entries), 'x.zip')).rejects.toMatchObject({
      code: 'zip_refused',
      details: { file: 'x.zip', what: expect.stringMatching(what) },
    });
  });

  it.each<[string, (zip: Buffer) => Buffer]>([
    ['goes on after its end', zip => Buffer.concat([zip, Buffer.from('more')])],
    ['begins with something else', zip => Buffer.concat([Buffer.from('#!/bin/sh\n'), zip])],
    ['is cut', zip => zip.subarray(0, -40)],
    ['is empty', () => Buffer.alloc(0)],
    ['is no zip', () => Buffer.from(component)],
  ])('that %s is refused', async (_, change) => {
    await expect(readZip(change(zipOf(good)), 'x.zip')).rejects.toMatchObject({ code: 'zip_refused' });
  });
});
