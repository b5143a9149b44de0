import { adminOptions, openAdminClient } from '../../admin/open-admin-client.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'show the configuration in use, without what could be secrets',
  arguments: {},
  options: adminOptions,
  example: 'sallyport admin config --json',
  async run({ options }, on) {
    const json = await (await openAdminClient(options, on)).call({ path: ['config'] });
    const { writeYaml } = await import('@sallyport/host/config');
    return { json, text: writeYaml(json).trimEnd() };
  },
});
