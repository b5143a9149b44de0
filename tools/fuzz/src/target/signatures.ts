import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createArtifact, parseDescriptor } from '@sallyport/host/contract';
import { digestOf } from '@sallyport/host/core';
import { silentLog } from '@sallyport/host/log';
import { createVerifier, parsePublicKey } from '@sallyport/host/verify';
import { embedDescriptor, emptyComponent } from '@sallyport/host/wasm';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateText } from '../mutate/text.ts';
import { pack, toBytes, toText, unpack } from '../parcel.ts';
import type { Random } from '../random.ts';
import { Finding, type Target } from '../target.ts';

/** Keys of nobody, always the same: PKCS#8 of Ed25519 around 32 equal bytes. */
const [signer, stranger] = [7, 8].map(byte =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]),
    format: 'der',
    type: 'pkcs8',
  }),
) as [ReturnType<typeof createPrivateKey>, ReturnType<typeof createPrivateKey>];
const pem = createPublicKey(signer).export({ type: 'spki', format: 'pem' }).toString();
const { keyId } = parsePublicKey(pem);

const component = embedDescriptor(
  emptyComponent,
  parseDescriptor({ id: 'signed', version: '1.0.0', kind: 'transform', api: '0.1', hooks: ['tool_post_invoke'] }),
);
const signature = sign(null, component, signer);

/** The order of the group of Ed25519 (RFC 8032 § 5.1), little-endian. */
const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** S plus the order: a second signature that careless verifiers take. */
function malleable(): Uint8Array {
  const changed = Buffer.from(signature);
  let carry = 0;
  for (let index = 0; index < 32; index += 1) {
    const sum = (changed[32 + index] ?? 0) + (order[index] ?? 0) + carry;
    changed[32 + index] = sum & 0xff;
    carry = sum >> 8;
  }
  return changed;
}

const signatures = (): readonly Uint8Array[] => [
  malleable(),
  sign(null, component, stranger),
  sign(null, emptyComponent, signer),
  Buffer.alloc(64),
  Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]),
  Buffer.concat([signature, signature]),
  signature.subarray(0, 32),
];
/** Points of small order, one, and an encoding that is not canonical. */
const keys = ['00', '01', 'ec', 'ee', 'c7176a70'].map(head => Buffer.from(head.padEnd(64, '0'), 'hex'));
const pemOf = (key: Uint8Array) => {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
};

const seed = { component: toText(component), signature: toText(signature), pem, keyId, pinned: '' };

function mutate(random: Random): Record<string, string> {
  const changed: Record<string, string> = { ...seed, pinned: random.pick(['', 'yes']) };
  const bytes = (name: string) =>
    toText(mutateBytes(toBytes(changed[name]), random, random.chance(0.5) ? component : signature));
  for (let times = 1 + random.int(2); times > 0; times -= 1) {
    const name = random.pick(['component', 'signature', 'signature', 'signature', 'pem', 'keyId']);
    if (name === 'component') changed.component = bytes(name);
    else if (name === 'signature')
      changed.signature = random.chance(0.3) ? toText(random.pick(signatures())) : bytes(name);
    else if (name === 'keyId') changed.keyId = mutateText(keyId, random, '__proto__');
    else changed.pem = random.chance(0.3) ? pemOf(random.pick(keys)) : mutateText(pem, random, pem);
  }
  return changed;
}

/** The verifier, with a trust store and with a pinned key. Nothing but the one signature over the one component holds. */
export const target: Target = {
  name: 'signatures',
  module: import.meta.url,
  extension: 'json',
  patience: 20_000,
  boundedRuns: 400,
  seeds: async () => [pack(seed)],
  mutate: (_, random) => pack(mutate(random)),
  open: async () => ({
    async run(input) {
      const given = unpack(input);
      const [bytes, signed, key] = [toBytes(given.component), toBytes(given.signature), given.pem ?? ''];
      const isPinned = given.pinned !== '';
      const trust = { keys: isPinned ? [] : [{ id: 'one', pem: key }], revoked_digests: [] };
      const verifier = createVerifier({ trust, requireSigned: true, log: silentLog() });
      const artifact = createArtifact({
        bytes,
        digest: digestOf(bytes),
        origin: { reference: 'ghcr.io/acme/signed:1', repository: 'ghcr.io/acme/signed' },
        signatures: [{ signature: signed, ...(given.keyId === '' ? {} : { keyId: given.keyId ?? '' }) }],
      });
      await verifier.verify(artifact, { id: 'signed', ...(isPinned ? { publicKey: key } : {}) });
      if (!Buffer.from(bytes).equals(component)) throw new Finding('accepts another component', given.component ?? '');
      if (!Buffer.from(signed).equals(signature)) throw new Finding('accepts another signature', given.signature ?? '');
      if (key.replace(/\s/g, '') !== pem.replace(/\s/g, '')) throw new Finding('accepts another text of the key', key);
      return 'accepted';
    },
    async [Symbol.asyncDispose]() {},
  }),
};
