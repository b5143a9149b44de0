import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { artifactOf, componentWith, descriptorOf, keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { digestOf } from '../core/digest.ts';
import { silentLog } from '../core/log.ts';
import { emptyComponent, emptyModule } from '../wasm/binary-format.ts';
import type { TrustedKey } from './trust-store.ts';
import { createVerifier } from './verifier.ts';

const key = keyPair();
const other = keyPair();
const bytes = componentWith();
const now = () => new Date('2026-06-01T00:00:00Z');

const verifierWith = (
  keys: readonly TrustedKey[] = [],
  { requireSigned = true, revoked = [] as string[], log = silentLog() } = {},
) => createVerifier({ trust: { keys, revoked_digests: revoked }, requireSigned, now, log });
const trusting = (more: Partial<TrustedKey> = {}) => verifierWith([{ id: 'acme', pem: key.pem, ...more }]);
const signed = (from?: { repository?: string | null; stated?: unknown }) => artifactOf(bytes, [key.sign(bytes)], from);
const code = (name: string) => expect.objectContaining({ code: name });

describe('trust', () => {
  it('[VER-05] accepts a key of the trust store and names its entry', async () => {
    const verified = await trusting({ scopes: ['ghcr.io/acme/*'] }).verify(signed(), { id: 'redact' });
    expect(verified.signer).toEqual({ by: 'trust', id: 'acme', keyId: key.keyId });
    expect(verified.descriptor).toEqual(descriptorOf());
  });

  const refused: { what: string; entry: Partial<TrustedKey>; repository?: string | null; code: string }[] = [
    { what: 'outside its scopes', entry: { scopes: ['ghcr.io/other/*'] }, code: 'key_out_of_scope' },
    {
      what: 'for a repository below the one component of *',
      entry: { scopes: ['ghcr.io/*'] },
      code: 'key_out_of_scope',
    },
    { what: 'for a repository that only begins alike', entry: { scopes: ['ghcr.io/acme'] }, code: 'key_out_of_scope' },
    {
      what: 'for a repository where a dot of the scope is another letter',
      entry: { scopes: ['ghcrXio/acme/*'] },
      code: 'key_out_of_scope',
    },
    {
      what: 'for a local file, when it has scopes',
      entry: { scopes: ['**/redact'] },
      repository: null,
      code: 'key_out_of_scope',
    },
    { what: 'after its end', entry: { not_after: '2026-05-31T23:59:59Z' }, code: 'key_expired' },
    { what: 'before its beginning', entry: { not_before: '2026-06-02T00:00:00Z' }, code: 'key_not_yet_valid' },
    { what: 'once revoked', entry: { status: 'revoked' }, code: 'key_revoked' },
  ];
  it.each(refused)('[VER-05] does not let a key sign $what', async ({ entry, repository, code: expected }) => {
    const artifact = signed(repository === undefined ? {} : { repository });
    await expect(trusting(entry).verify(artifact, { id: 'redact' })).rejects.toMatchObject({
      code: expected,
      details: { plugin: 'redact', key: 'acme', reference: artifact.origin.reference },
    });
  });

  it.each([
    { scopes: ['*'], repository: null },
    { scopes: ['ghcr.io/**'], repository: 'ghcr.io/acme/deep/redact' },
    { scopes: ['quay.io/x/*', 'ghcr.io/acme/redact'], repository: 'ghcr.io/acme/redact' },
    { scopes: ['localhost:5000/red*'], repository: 'localhost:5000/redact' },
    { scopes: undefined, repository: null },
  ])('[VER-05] lets a key with scopes $scopes sign for $repository', async ({ scopes, repository }) => {
    await trusting({ scopes }).verify(signed({ repository }), { id: 'redact' });
  });

  it('[VER-05] takes the signature that counts among several', async () => {
    const artifact = artifactOf(bytes, [other.sign(bytes), { signature: new Uint8Array(3) }, key.sign(bytes)]);
    expect((await trusting().verify(artifact, { id: 'redact' })).signer).toMatchObject({ id: 'acme' });
  });

  it('[VER-05] finds the key of a sidecar, which names none', async () => {
    const verifier = verifierWith([other, key].map(({ pem }, index) => ({ id: `key-${index}`, pem })));
    const { signature } = key.sign(bytes);
    expect((await verifier.verify(artifactOf(bytes, [{ signature }]), { id: 'redact' })).signer).toMatchObject({
      id: 'key-1',
    });
  });

  it('[VER-05] refuses a trust store with one key twice', () => {
    expect(() =>
      verifierWith([
        { id: 'a', pem: key.pem },
        { id: 'b', pem: key.pem },
      ]),
    ).toThrow(code('key_invalid'));
  });

  it('[VER-06] refuses a revoked digest, whatever is pinned', async () => {
    const verifier = verifierWith([], { revoked: [digestOf(bytes)] });
    await expect(verifier.verify(signed(), { id: 'redact', publicKey: key.pem })).rejects.toEqual(
      code('digest_revoked'),
    );
  });

  it('[VER-06] refuses a revoked key, even when it is pinned', async () => {
    const expected = { id: 'redact', publicKey: key.pem };
    await expect(trusting({ status: 'revoked' }).verify(signed(), expected)).rejects.toEqual(code('key_revoked'));
  });
});

describe('a key pinned in the source', () => {
  it('[VER-04] is enough', async () => {
    const verified = await verifierWith().verify(signed(), { id: 'redact', publicKey: key.pem });
    expect(verified.signer).toEqual({ by: 'source', keyId: key.keyId });
  });

  it('[VER-04] makes the trust store count for nothing', async () => {
    const expected = { id: 'redact', publicKey: other.pem };
    await expect(trusting().verify(signed(), expected)).rejects.toEqual(code('key_unknown'));
  });
});

describe('an artifact without a signature', () => {
  it('[VER-08] is refused unless the operator says otherwise', async () => {
    await expect(trusting().verify(artifactOf(bytes), { id: 'redact' })).rejects.toEqual(code('signature_missing'));
  });

  it('[VER-08] is refused when a key is pinned', async () => {
    const expected = { id: 'redact', publicKey: key.pem };
    await expect(verifierWith().verify(artifactOf(bytes), expected)).rejects.toEqual(code('signature_missing'));
  });

  it('[VER-08] is accepted with a warning each time when the operator says so', async () => {
    const log = silentLog();
    const warn = vi.spyOn(log, 'warn');
    const verifier = verifierWith([], { requireSigned: false, log });
    for (const _ of [1, 2]) {
      expect((await verifier.verify(artifactOf(bytes), { id: 'redact' })).signer).toEqual({ by: 'nobody' });
    }
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

describe('the descriptor', () => {
  const trusted = trusting();
  const ofBytes = (some: Uint8Array, stated?: unknown) => artifactOf(some, [key.sign(some)], { stated });

  it('[VER-07] may be repeated by the manifest and by the operator, in any order and form', async () => {
    const { id, kind, ...rest } = descriptorOf();
    const artifact = ofBytes(bytes, { ...rest, kind, id, $schema: './plugin.schema.json' });
    await trusted.verify(artifact, { id: 'redact', stated: descriptorOf() });
  });

  it.each([
    { what: 'a manifest that asks for less', stated: descriptorOf({ version: '1.0.1' }) },
    { what: 'a manifest whose descriptor is none', stated: 'redact' },
  ])('[VER-07] does not agree with $what', async ({ stated }) => {
    await expect(trusted.verify(ofBytes(bytes, stated), { id: 'redact' })).rejects.toEqual(code('descriptor_mismatch'));
  });

  it('[VER-07] does not agree with what the operator states', async () => {
    const stated = descriptorOf({ hooks: ['tool_pre_invoke'] });
    await expect(trusted.verify(ofBytes(bytes), { id: 'redact', stated })).rejects.toEqual(code('descriptor_mismatch'));
  });

  it('[VER-07] is the operator’s when the signed component carries none', async () => {
    const verified = await trusted.verify(ofBytes(emptyComponent), { id: 'redact', stated: descriptorOf() });
    expect(verified.descriptor).toEqual(descriptorOf());
  });

  it('[VER-07] must come from somewhere, and the manifest alone is nobody', async () => {
    const artifact = ofBytes(emptyComponent, descriptorOf());
    await expect(trusted.verify(artifact, { id: 'redact' })).rejects.toEqual(code('descriptor_missing'));
  });

  it('[VER-07] has an end after which the plugin is refused', async () => {
    const expired = componentWith(descriptorOf({ expires: '2026-06-01T00:00:00Z' }));
    await expect(trusted.verify(ofBytes(expired), { id: 'redact' })).rejects.toEqual(code('plugin_expired'));
    const current = componentWith(descriptorOf({ expires: '2026-06-01T00:00:01Z' }));
    await trusted.verify(ofBytes(current), { id: 'redact' });
  });

  it('[VER-09] is not asked for when the layer is a core module', async () => {
    await expect(trusted.verify(ofBytes(emptyModule), { id: 'redact' })).rejects.toEqual(code('component_core_module'));
  });
});

it('[VER-11] is the only one that makes a verified artifact', () => {
  const root = join(import.meta.dirname, '../../..');
  const makers = globSync('{host,tools}/**/src/**/*.ts', { cwd: root, exclude: path => path.includes('node_modules') })
    .filter(file => !/\.(test|case)\.ts$/.test(file))
    .filter(file => /createVerifiedArtifact\(/.test(readFileSync(join(root, file), 'utf8')));
  expect(makers).toEqual(['host/src/verify/verifier.ts']);
});
