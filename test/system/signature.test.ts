import { describe, expect, it } from 'vitest';
import type { Artifact, SignatureClaim } from '../../host/src/contract/artifact.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { createVerifier, type Expectation } from '../../host/src/verify/verifier.ts';
import { emptyComponent } from '../../host/src/wasm/binary-format.ts';
import { artifactOf, componentWith, descriptorOf, flipped, keyPair, withSection } from '../fixtures/signed-plugin.ts';

const key = keyPair();
const stranger = keyPair();
const code = withSection(emptyComponent, 'code', Buffer.alloc(4096, 7));
const whole = Buffer.concat([code, componentWith().subarray(8)]);
const signature = key.sign(whole);

const without = (bytes: Uint8Array) => ({ ...signature, signature: bytes });
const one = (bytes: Uint8Array, claim: SignatureClaim = signature) => artifactOf(bytes, [claim]);
const neutral = {
  signature: Buffer.concat([Buffer.from(`01${'00'.repeat(31)}`, 'hex'), Buffer.alloc(32)]),
  keyId: key.keyId,
};
const descriptorAt = whole.indexOf('tool_post_invoke');

interface Case {
  readonly what: string;
  readonly artifact: Artifact;
  readonly code: string;
}

/** Each is refused whether the key is pinned or trusted, and whether or not unsigned plugins are allowed. */
const cases: Case[] = [
  { what: 'a flipped bit in the code', artifact: one(flipped(whole, 2000)), code: 'signature_invalid' },
  { what: 'a flipped bit in the descriptor', artifact: one(flipped(whole, descriptorAt)), code: 'signature_invalid' },
  {
    what: 'a flipped bit in R',
    artifact: one(whole, without(flipped(signature.signature, 3))),
    code: 'signature_invalid',
  },
  {
    what: 'a flipped bit in S',
    artifact: one(whole, without(flipped(signature.signature, -9))),
    code: 'signature_invalid',
  },
  { what: 'a signature of nothing', artifact: one(whole, without(new Uint8Array())), code: 'signature_invalid' },
  {
    what: 'a signature that is cut off',
    artifact: one(whole, without(signature.signature.subarray(1))),
    code: 'signature_invalid',
  },
  {
    what: 'a signature in hex',
    artifact: one(whole, without(Buffer.from(Buffer.from(signature.signature).toString('hex')))),
    code: 'signature_invalid',
  },
  { what: 'the neutral element as R and nothing as S', artifact: one(whole, neutral), code: 'signature_invalid' },
  {
    what: 'a signature over the digest instead of the bytes',
    artifact: one(whole, key.sign(Buffer.from(artifactOf(whole).digest))),
    code: 'signature_invalid',
  },
  {
    what: 'a right signature by a key that nobody knows',
    artifact: one(whole, stranger.sign(whole)),
    code: 'key_unknown',
  },
  {
    what: 'a right signature by a stranger who claims the known key',
    artifact: one(whole, { ...stranger.sign(whole), keyId: key.keyId }),
    code: 'signature_invalid',
  },
  {
    what: 'a right signature by a stranger who claims no key',
    artifact: one(whole, { signature: stranger.sign(whole).signature }),
    code: 'signature_invalid',
  },
  {
    what: 'a byte more after the signed ones',
    artifact: one(withSection(whole, 'more', new Uint8Array(1))),
    code: 'signature_invalid',
  },
  {
    what: 'seventeen signatures, the last of them right',
    artifact: artifactOf(whole, [...Array(16).fill(stranger.sign(whole)), signature]),
    code: 'signature_invalid',
  },
];

const expectations: { readonly how: string; readonly expected: Expectation }[] = [
  { how: 'pinned', expected: { id: 'redact', publicKey: key.pem } },
  { how: 'trusted', expected: { id: 'redact' } },
];
const verifiers = [true, false].flatMap(requireSigned =>
  expectations.map(expectation => ({
    ...expectation,
    requireSigned,
    verifier: createVerifier({
      trust: { keys: [{ id: 'acme', pem: key.pem }], revoked_digests: [] },
      requireSigned,
      log: silentLog(),
    }),
  })),
);

describe.each(verifiers)('a $how key, with require_signed_plugins: $requireSigned', ({ verifier, expected }) => {
  it.each(cases)('[VER-08] refuses $what', async ({ artifact, code }) => {
    await expect(verifier.verify(artifact, expected)).rejects.toMatchObject({
      code,
      details: { plugin: 'redact', reference: 'ghcr.io/acme/redact:1.0.0' },
    });
    await verifier.verify(one(whole), expected);
  });

  it('[VER-07] refuses the right plugin under another id', async () => {
    const another = { ...expected, id: 'mask' };
    await expect(verifier.verify(one(whole), another)).rejects.toMatchObject({
      code: 'plugin_id_mismatch',
      details: { plugin: 'mask', stated: 'redact' },
    });
  });
});

const [{ verifier, expected }] = verifiers as [(typeof verifiers)[number]];
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const section = 'sallyport:plugin';
/** All of these are signed as they are: a signer's mistake, or a signer who tries. */
const carried = [
  {
    what: 'a second descriptor',
    bytes: withSection(whole, section, json(descriptorOf({ id: 'mask' }))),
    code: 'descriptor_invalid',
  },
  {
    what: 'half a descriptor',
    bytes: withSection(code, section, json(descriptorOf()).subarray(0, 40)),
    code: 'descriptor_invalid',
  },
  {
    what: '50 MB of descriptor',
    bytes: withSection(code, section, Buffer.alloc(50_000_000, 0x20)),
    code: 'descriptor_invalid',
  },
  { what: 'a section that ends beyond the file', bytes: whole.subarray(0, -5), code: 'component_malformed' },
  { what: 'no descriptor', bytes: code, code: 'descriptor_missing' },
];

it.each(carried)('[VER-03] refuses a signed component with $what', async ({ bytes, code }) => {
  await expect(verifier.verify(one(bytes, key.sign(bytes)), expected)).rejects.toMatchObject({ code });
  await verifier.verify(one(whole), expected);
});

const pemOf = (hex: string) =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(`302a300506032b6570032100${hex}`, 'hex').toString('base64')}\n-----END PUBLIC KEY-----`;

it.each([
  { what: 'of small order, for which anybody can sign', pem: pemOf(`01${'00'.repeat(31)}`) },
  { what: 'that is not canonically encoded', pem: pemOf(`ee${'ff'.repeat(30)}7f`) },
])('[VER-02] refuses a key $what, pinned or trusted', async ({ pem }) => {
  const pinned = { id: 'redact', publicKey: pem };
  await expect(verifier.verify(one(whole), pinned)).rejects.toMatchObject({ code: 'key_invalid' });
  const trust = { keys: [{ id: 'weak', pem }], revoked_digests: [] };
  expect(() => createVerifier({ trust, requireSigned: true, log: silentLog() })).toThrow(
    expect.objectContaining({ code: 'key_invalid' }),
  );
});
