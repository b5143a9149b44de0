import { eraseLogin } from '@sallyport/host/source';
import { defineCommand } from '../command.ts';
import { registryName } from '../registry-name.ts';

export const command = defineCommand({
  summary: 'remove the login for a registry',
  arguments: { REGISTRY: { says: 'host[:port], for example ghcr.io' } },
  options: {},
  example: 'sallyport logout ghcr.io',
  async run({ args }, { env }) {
    const registry = registryName(args.REGISTRY);
    const removed = await eraseLogin(registry, env);
    return { json: { registry, removed }, text: `${registry}: ${removed ? 'removed' : 'there was no login'}` };
  },
});
