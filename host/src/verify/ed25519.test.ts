import { Point, verifyAsync } from '@noble/ed25519';
import { describe, expect, it } from 'vitest';
import { isSignedBy, isSoundKey } from './ed25519.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const message = Buffer.from('any text that nobody signed');

/** RFC 8032 § 7.1. */
const vectors = [
  {
    what: 'TEST 1, the empty message',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    text: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    what: 'TEST 2, one byte',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    text: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
];

/** All points of small order, and the encodings of them that are not canonical. */
const smallOrder = [
  { what: 'the neutral element', key: `01${'00'.repeat(31)}` },
  { what: 'order 2', key: `ec${'ff'.repeat(30)}7f` },
  { what: 'order 4', key: '00'.repeat(32) },
  { what: 'order 4, negative', key: `${'00'.repeat(31)}80` },
  { what: 'order 8', key: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05' },
  { what: 'order 8, negative', key: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85' },
  { what: 'order 8, the other', key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a' },
  { what: 'order 8, the other, negative', key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa' },
];
const notCanonical = [
  { what: 'minus zero at the neutral element', key: `01${'00'.repeat(30)}80` },
  { what: 'minus zero at order 2', key: `ec${'ff'.repeat(31)}` },
  { what: 'y = p', key: `ed${'ff'.repeat(30)}7f` },
  { what: 'y = p, negative', key: `ed${'ff'.repeat(31)}` },
  { what: 'y = p + 1', key: `ee${'ff'.repeat(30)}7f` },
  { what: 'y = p + 1, negative', key: `ee${'ff'.repeat(31)}` },
  { what: 'no point at all', key: `02${'00'.repeat(31)}` },
];
const order = Point.CURVE().n;

describe('Ed25519', () => {
  it.each(vectors)('[VER-01] accepts RFC 8032 $what', async ({ key, text, signature }) => {
    expect(await isSignedBy(hex(signature), hex(text), hex(key))).toBe(true);
    expect(await isSignedBy(hex(signature), hex(`${text}00`), hex(key))).toBe(false);
  });

  it.each([...smallOrder, ...notCanonical])('[VER-02] takes no key that is $what', ({ key }) => {
    expect(isSoundKey(hex(key))).toBe(false);
  });

  it('[VER-02] takes no key with a part of small order', () => {
    const mixed = Point.BASE.multiply(7n).add(Point.fromHex(smallOrder[4]?.key ?? ''));
    expect(isSoundKey(mixed.toBytes())).toBe(false);
    expect(isSoundKey(Point.BASE.multiply(7n).toBytes())).toBe(true);
  });

  it('[VER-02] refuses a signature that anybody can make for a key of small order', async () => {
    const key = hex(smallOrder[0]?.key ?? '');
    const forged = Buffer.concat([Point.BASE.toBytes(), hex(`01${'00'.repeat(31)}`)]);
    expect(await verifyAsync(forged, message, key)).toBe(true);
    expect(await isSignedBy(forged, message, key)).toBe(false);
  });

  it('[VER-02] refuses the second form of a signature, whose S is not below the order', async () => {
    const { key = '', text = '', signature = '' } = vectors[1] ?? {};
    const s = BigInt(`0x${Buffer.from(hex(signature).subarray(32)).reverse().toString('hex')}`) + order;
    const other = hex(s.toString(16).padStart(64, '0')).reverse();
    const second = Buffer.concat([hex(signature).subarray(0, 32), other]);
    expect(await isSignedBy(second, hex(text), hex(key))).toBe(false);
  });

  it.each([...smallOrder, ...notCanonical])('[VER-02] refuses a signature whose R is $what', async ({ key: r }) => {
    const signature = Buffer.concat([hex(r), hex('00'.repeat(32))]);
    expect(await isSignedBy(signature, message, hex(vectors[0]?.key ?? ''))).toBe(false);
  });

  it.each([0, 63, 65, 128])('[VER-01] refuses a signature of %i bytes', async length => {
    expect(await isSignedBy(new Uint8Array(length), message, hex(vectors[0]?.key ?? ''))).toBe(false);
  });
});
