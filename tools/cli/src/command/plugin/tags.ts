import { isReferrersTag } from '@sallyport/host/source';
import { clientOptions, registryOptions, repositoryAt } from '../../artifact/place.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'list the tags of a repository or an image layout',
  about: 'Tags under which some registries keep referrers are left out.',
  arguments: { REPOSITORY: { says: 'registry/repository, or an OCI image layout: ./folder, oci:folder' } },
  options: registryOptions,
  example: 'sallyport plugin tags ghcr.io/acme/redact-emails',
  async run({ options, args: { REPOSITORY: word } }, { env, signal }) {
    const store = await repositoryAt(word, clientOptions(options, env));
    const tags = (await store.tags(signal)).filter(tag => !isReferrersTag(tag));
    return { json: { repository: word, tags }, text: tags.join('\n') };
  },
});
