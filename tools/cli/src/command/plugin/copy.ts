import { copyArtifact } from '@sallyport/host/source';
import { blobProgress } from '../../artifact/blob-progress.ts';
import { clientOptions, placeOf, placeSays, registryOptions, storeOf } from '../../artifact/place.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'copy an artifact between registries and image layouts, with signatures and referrers',
  about: 'Digests do not change. If TO has no tag, the copy gets the tag of the original.',
  arguments: { FROM: { says: placeSays }, TO: { says: 'the destination, in the same form' } },
  options: registryOptions,
  example: 'sallyport plugin copy ghcr.io/acme/redact-emails:0.1.0 oci:./layout:0.1.0',
  async run({ options, args }, { terminal, env, signal }) {
    const [source, target] = await Promise.all([placeOf(args.FROM), placeOf(args.TO)]);
    using progress = blobProgress(terminal, 'copy');
    const client = clientOptions(options, env, progress.moved);
    const [from, to] = [storeOf(source, client), storeOf(target, client)];
    const tag = ('tag' in target ? target.tag : undefined) ?? ('tag' in source ? source.tag : undefined);
    const { descriptor, referrers } = await copyArtifact({ from, to, reference: from.reference, tag }, signal);
    const { digest } = descriptor;
    return {
      json: { from: args.FROM, to: args.TO, tag, digest, referrers: referrers.map(each => each.digest) },
      text: `from: ${args.FROM}\nto: ${args.TO}\ndigest: ${digest}\nreferrers: ${referrers.length}`,
    };
  },
});
