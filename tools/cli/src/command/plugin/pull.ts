import { mkdir } from 'node:fs/promises';
import type { SignatureClaim } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { isSignedBy, parsePublicKey } from '@sallyport/host/verify';
import { readDescriptor } from '@sallyport/host/wasm';
import { blobProgress } from '../../artifact/blob-progress.ts';
import { artifactAt, readTrust, trustOptions, verifyArtifact } from '../../artifact/judge.ts';
import { clientOptions, placeOf, placeSays, registryOptions } from '../../artifact/place.ts';
import { jsonOf } from '../../artifact/plugin-files.ts';
import { filesResult, writeFiles } from '../../artifact/write-files.ts';
import { defineCommand } from '../../command.ts';
import { readInput } from '../../read-input.ts';

export const command = defineCommand({
  summary: 'download a plugin as files: component, signature and plugin.json',
  about: `Size and digest are checked during the download. With --key or --config the plugin is verified before anything is
written; without them, run plugin verify on the files. Existing files are not overwritten.`,
  arguments: { REFERENCE: { says: placeSays } },
  options: {
    out: { value: 'FOLDER', default: '.', says: 'the folder for ID.wasm, ID.wasm.sig and plugin.json' },
    ...trustOptions,
    ...registryOptions,
  },
  example: 'sallyport plugin pull ghcr.io/acme/redact-emails:0.1.0 --key acme.pub.pem --out redact-emails',
  async run({ options, args: { REFERENCE: word } }, { terminal, env, signal }) {
    const trust = await readTrust(options);
    using progress = blobProgress(terminal, 'pull');
    const artifact = await artifactAt(await placeOf(word), clientOptions(options, env, progress.moved), signal);
    const { bytes, digest, origin } = artifact;
    const signed = readDescriptor(bytes) ?? fail('descriptor_missing', { reference: word });
    if (trust) await verifyArtifact(artifact, trust);
    else terminal.say('not verified: name a trusted key or configuration with --key or --config');
    const claims = [...artifact.signatures, ...((await artifact.attached?.()) ?? [])];
    const claim = options.key === undefined ? claims[0] : await claimOf(claims, bytes, options.key);
    await mkdir(options.out, { recursive: true });
    const written = await writeFiles(options.out, {
      name: `${signed.id}.wasm`,
      component: bytes,
      ...(claim && { signature: claim.signature }),
      descriptor: jsonOf(signed),
    });
    return filesResult(signed, written, { digest, ...(origin.manifest && { manifest: origin.manifest }) });
  },
});

/** Returns the signature that was made with this key, if there are several. */
async function claimOf(claims: readonly SignatureClaim[], bytes: Uint8Array, keyFile: string) {
  const key = parsePublicKey((await readInput(keyFile)).toString('utf8'), { file: keyFile });
  for (const claim of claims) if (await isSignedBy(claim.signature, bytes, key.bytes)) return claim;
  return claims[0];
}
