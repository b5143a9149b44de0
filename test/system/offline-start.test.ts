import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keygen } from '@sallyport/cli/artifact/keygen';
import { parsePrivateKey } from '@sallyport/cli/artifact/private-key';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { signComponent } from '@sallyport/cli/artifact/sign-component';
import { startRegistry } from '@sallyport/registry/start-registry';
import { describe, expect, it } from 'vitest';
import { watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

/** Signs a plugin and pushes it to a registry of its own; returns its entry in the configuration. */
async function published(folder: string) {
  const keys = { privateKey: join(folder, 'key.pem'), publicKey: join(folder, 'key.pub.pem') };
  const { publicKeyPem } = await keygen(keys);
  const privateKey = parsePrivateKey(await readFile(keys.privateKey, 'utf8'));
  const registry = await startRegistry({ directory: join(folder, 'registry') });
  const reference = `${registry.host}/acme/pulled:0.1.0`;
  const push = async (description: string) => {
    const bytes = await watGuest(guestDescriptor('pulled', { description }));
    const { signature } = signComponent({ bytes, privateKey });
    return pushComponent({ component: bytes, signature, publicKeyPem, reference });
  };
  await push('first');
  const plugin = { id: 'pulled', bytes: new Uint8Array(), source: { oci: reference, public_key: publicKeyPem } };
  return { registry, push, plugin };
}

describe('a gateway whose plugin was pulled before', () => {
  it('[RUN-08] starts with the registry down, after everything was verified again', async () => {
    const folder = await temporaryFolder();
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const { registry, plugin } = await published(folder);
    const cache_dir = join(folder, 'cache');
    const digest = async () => {
      await using gateway = await openHost([plugin], upstream.url, { cache_dir });
      expect((await gateway.call('echo', { text: 'hi' })).content).toEqual([{ type: 'text', text: 'hi' }]);
      return gateway.host.plugins[0]?.digest;
    };
    const online = await digest();
    await registry.close();
    expect(await digest()).toBe(online);

    const blobs = join(cache_dir, 'oci/blobs/sha256');
    const victim = join(blobs, (online ?? '').replace('sha256:', ''));
    expect(await readdir(blobs)).toContain((online ?? '').replace('sha256:', ''));
    const bytes = await readFile(victim);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    await writeFile(victim, bytes);
    await expect(digest()).rejects.toMatchObject({ faults: [{ details: { plugin: 'pulled' } }] });
  });

  it('[RUN-08] follows a tag that moved when the registry is there', async () => {
    const folder = await temporaryFolder();
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const { registry, push, plugin } = await published(folder);
    await using _ = registry;
    const cache_dir = join(folder, 'cache');
    const manifest = async () => {
      await using gateway = await openHost([plugin], upstream.url, { cache_dir });
      return gateway.host.plugins[0]?.origin.manifest;
    };
    const first = await manifest();
    const second = await push('second');
    expect(second).not.toBe(first);
    expect(await manifest()).toBe(second);
  });
});
