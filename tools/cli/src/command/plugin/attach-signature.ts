import { fail } from '@sallyport/host/core';
import { attachReferrer, attachSignature, contentSource, fetchArtifact } from '@sallyport/host/source';
import { readDescriptor } from '@sallyport/host/wasm';
import { clientOptions, placeOf, placeSays, registryOptions, storeOf } from '../../artifact/place.ts';
import { keyOptions, readPrivateKey } from '../../artifact/private-key.ts';
import { signBytes } from '../../artifact/sign-component.ts';
import { sigstoreBundle } from '../../artifact/sigstore-bundle.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'add a signature to a published plugin',
  about: `Fetches the component, checks its digest and signs it. The signature is attached to the manifest as a referrer, or,
if the registry has no referrers API, under the tag sha256-<digest>. The manifest does not change.
--format cosign signs the manifest instead, to be checked with
cosign verify --key KEY.pub.pem --insecure-ignore-tlog. Gateways do not read that signature.`,
  arguments: { REFERENCE: { says: placeSays } },
  options: {
    ...keyOptions,
    format: {
      value: 'NAME',
      says: 'sallyport (read by gateways) or cosign',
      choices: ['sallyport', 'cosign'],
      default: 'sallyport',
    },
    ...registryOptions,
  },
  example: 'sallyport plugin attach-signature --key reviewer.pem ghcr.io/acme/redact-emails:0.1.0',
  async run({ options, args: { REFERENCE: word } }, on) {
    const { env, signal } = on;
    const privateKey = await readPrivateKey(options, on);
    const store = storeOf(await placeOf(word), clientOptions(options, env));
    const { reference } = store;
    const subject = await store.resolve(signal);
    const source = contentSource({ ...store, resolve: async () => subject }, { reference });
    const { bytes } = await fetchArtifact(source, signal);
    const { id } = readDescriptor(bytes) ?? fail('descriptor_missing', { reference });
    const claim = signBytes(bytes, privateKey);
    const digest =
      options.format === 'cosign'
        ? await attachReferrer(store, subject, sigstoreBundle(subject.digest, privateKey), reference, signal)
        : await attachSignature(store, subject, claim, reference, signal);
    return {
      json: { plugin: id, reference, subject: subject.digest, referrer: digest, key_id: claim.keyId },
      text: `plugin: ${id}\nsubject: ${subject.digest}\nreferrer: ${digest}\nkey_id: ${claim.keyId}`,
    };
  },
});
