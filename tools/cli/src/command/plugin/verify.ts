import { fail } from '@sallyport/host/core';
import { artifactAt, readTrust, trustOptions, verifyArtifact } from '../../artifact/judge.ts';
import { clientOptions, placeOf, registryOptions } from '../../artifact/place.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'check a plugin as a gateway would: digest, signature, descriptor, dates, revocation',
  about: 'With --config, uses the trust store of the configuration and the key it pins for this plugin.',
  arguments: { PLUGIN: { says: 'X.wasm with X.wasm.sig next to it, X.zip, ./layout:tag, or registry/repository:tag' } },
  options: { ...trustOptions, ...registryOptions },
  example: 'sallyport plugin verify --key signing-key.pub.pem redact_emails.wasm',
  async run({ options, args: { PLUGIN: word } }, { env, signal }) {
    const trust = (await readTrust(options)) ?? fail('usage', { missing: '--key FILE or --config FILE' });
    const artifact = await artifactAt(await placeOf(word), clientOptions(options, env), signal);
    const { descriptor, digest, origin, signer } = await verifyArtifact(artifact, trust);
    const { id, version } = descriptor;
    const by = signer.by === 'nobody' ? {} : { key_id: signer.keyId, ...(signer.by === 'trust' && { key: signer.id }) };
    return {
      json: { plugin: id, version, digest, ...(origin.manifest && { manifest: origin.manifest }), ...by },
      text: [
        `plugin: ${id} ${version}`,
        `digest: ${digest}`,
        ...(origin.manifest ? [`manifest: ${origin.manifest}`] : []),
        ...Object.entries(by).map(([name, value]) => `${name}: ${value}`),
        'verified',
      ].join('\n'),
    };
  },
});
