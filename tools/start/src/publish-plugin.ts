import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keygen } from '@sallyport/cli/artifact/keygen';
import { parsePrivateKey } from '@sallyport/cli/artifact/private-key';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { readDescriptorFile } from '@sallyport/cli/artifact/read-descriptor-file';
import { signComponent } from '@sallyport/cli/artifact/sign-component';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import type { Digest } from '@sallyport/host/core';
import { type DemoFolder, demo } from './demo-folder.ts';

export interface Published {
  readonly reference: string;
  readonly manifest: Digest;
  readonly keyId: string;
  readonly bytes: number;
}

/** Generates a key if it is missing, builds the example plugin from source, signs it and pushes it to `registry`. */
export async function publishPlugin(folder: DemoFolder, registry: string): Promise<Published> {
  const isNew = await access(folder.privateKey).then(
    () => false,
    () => true,
  );
  if (isNew) await keygen({ privateKey: folder.privateKey, publicKey: folder.publicKey });
  const descriptor = await readDescriptorFile(join(demo.plugin, 'plugin.json'));
  const { bytes } = await buildPlugin({ folder: demo.plugin, descriptor, out: folder.component });
  const signed = signComponent({
    bytes,
    descriptor,
    privateKey: parsePrivateKey(await readFile(folder.privateKey, 'utf8')),
  });
  await writeFile(`${folder.component}.sig`, signed.signature);
  const reference = `${registry}/acme/${descriptor.id}:${descriptor.version}`;
  const manifest = await pushComponent({
    component: signed.bytes,
    signature: signed.signature,
    publicKeyPem: await readFile(folder.publicKey, 'utf8'),
    reference,
  });
  return { reference, manifest, keyId: signed.keyId, bytes: signed.bytes.length };
}
