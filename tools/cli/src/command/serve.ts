import { once } from 'node:events';
import { serve } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption, startOptions } from '../config-option.ts';

export const command = defineCommand({
  summary: 'load and verify all plugins, connect to all upstreams, and serve MCP',
  arguments: {},
  options: { ...configOption, ...startOptions },
  example: 'sallyport serve -c sallyport.yaml',
  async run({ options, json }, { signal }) {
    const { config, frozen, 'allow-downgrade': allowDowngrade } = options;
    const stop = await serve({ config, json, frozen, allowDowngrade }, signal);
    if (!signal.aborted) await once(signal, 'abort');
    await stop(String(signal.reason));
    return undefined;
  },
});
