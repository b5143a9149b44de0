import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type PluginDescriptor, sameDescriptor } from '@sallyport/host/contract';
import { type FaultDetails, fail } from '@sallyport/host/core';
import { isSignedBy, type PublicKey, parsePublicKey } from '@sallyport/host/verify';
import { readDescriptor } from '@sallyport/host/wasm';
import { readIfThere, readInput } from '../read-input.ts';
import { type PluginFiles, readZip, zipLimit } from './plugin-zip.ts';
import { parseDescriptorFile } from './read-descriptor-file.ts';

/** The files of a plugin, checked to be consistent with each other. */
export interface SignedFiles extends PluginFiles {
  /** The descriptor embedded in the component. */
  readonly signed: PluginDescriptor;
  /** The id of the signing key, if a public key was given to check the signature with. */
  readonly keyId?: string;
}

/** The option of every subcommand that can check the signature with a public key. */
export const publicKeyOption = {
  key: { value: 'FILE', says: 'the signer’s public key, SPKI PEM; the signature is checked with it first' },
} as const;

/**
 * Reads the output of `sign` or `pack`: a zip, or a component with its signature (and optionally its plugin.json)
 * next to it.
 * @throws Fault `zip_refused`, `signature_missing`, and those of `agreeing`
 */
export async function readFiles(file: string, key?: string): Promise<SignedFiles> {
  if (file.endsWith('.zip')) {
    const { size } = await stat(file).catch(() => ({ size: 0 }));
    if (size > zipLimit) fail('zip_refused', { file, what: `more than ${zipLimit} bytes` });
    return agreeing(await readZip(await readInput(file), file), { file }, key);
  }
  const component = await readInput(file);
  const signature = (await readIfThere(`${file}.sig`)) ?? fail('signature_missing', { file: `${file}.sig` });
  const beside = await readIfThere(join(dirname(resolve(file)), 'plugin.json'));
  const descriptor = beside ?? jsonOf(readDescriptor(component) ?? fail('descriptor_missing', { file }));
  return agreeing({ name: basename(file), component, signature, descriptor }, { file }, key);
}

/**
 * Checks that plugin.json equals the embedded descriptor and that the signature has the right length; with a key, that
 * it is valid.
 * @throws Fault `descriptor_missing`, `descriptor_mismatch`, `descriptor_invalid`, `signature_invalid`, `key_invalid`
 */
export async function agreeing(files: PluginFiles, about: FaultDetails, key?: string): Promise<SignedFiles> {
  const { component, signature, descriptor } = files;
  const signed = readDescriptor(component) ?? fail('descriptor_missing', about);
  const stated = parseDescriptorFile(descriptor, 'plugin.json');
  if (!sameDescriptor(signed, stated)) {
    const members = Object.keys({ ...signed, ...stated }) as (keyof PluginDescriptor)[];
    fail('descriptor_mismatch', {
      ...about,
      plugin: signed.id,
      what: 'plugin.json differs from the signed descriptor',
      members: members.filter(name => !isDeepStrictEqual(signed[name], stated[name])),
      hint: 'build and sign the component again, or restore the plugin.json it was signed with',
    });
  }
  if (signature.length !== 64) fail('signature_invalid', { ...about, what: `${signature.length} bytes, expected 64` });
  if (key === undefined) return { ...files, signed };
  const { keyId } = await requireSignature(component, signature, key, about);
  return { ...files, signed, keyId };
}

/** @throws Fault `signature_invalid`, `key_invalid` */
async function requireSignature(
  component: Uint8Array,
  signature: Uint8Array,
  keyFile: string,
  about: FaultDetails,
): Promise<PublicKey> {
  const key = parsePublicKey((await readInput(keyFile)).toString('utf8'), { file: keyFile });
  if (await isSignedBy(signature, component, key.bytes)) return key;
  return fail('signature_invalid', {
    ...about,
    key: keyFile,
    hint: 'sign the component again: it was changed after signing, or signed by another key',
  });
}

/** Formats a descriptor as the text of a plugin.json. */
export const jsonOf = (descriptor: PluginDescriptor): Uint8Array =>
  Buffer.from(`${JSON.stringify(descriptor, null, 2)}\n`);
