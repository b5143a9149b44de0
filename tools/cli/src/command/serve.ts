import { once } from 'node:events';
import { serve } from '@sallyport/host/command';
import { defineCommand } from '../command.ts';
import { configOption, startOptions } from '../config-option.ts';

export const command = defineCommand({
  summary: 'load and verify all plugins, connect to all upstreams, and serve MCP',
  arguments: {},
  options: {
    ...configOption,
    ...startOptions,
    'no-watch': { says: 'reload the configuration on SIGHUP only, and not when one of its files changes' },
    openapi: { value: 'DOCUMENT', says: 'serve the API of this OpenAPI document, without a configuration file' },
    'base-url': { value: 'URL', says: 'the URL of that API, instead of the servers of the document' },
    listen: { value: 'ADDRESS', says: 'with --openapi or --mcp: where to listen, on loopback' },
    mcp: { value: 'COMMAND', says: 'serve this MCP server, a command or a URL, without a configuration file' },
  },
  about: 'With --openapi or --mcp no configuration is read, and the gateway listens on loopback only.',
  example: 'sallyport serve -c sallyport.yaml',
  async run({ options, json }, { signal }) {
    const { config, frozen, 'allow-downgrade': allowDowngrade, 'no-watch': noWatch } = options;
    const { openapi, 'base-url': baseUrl, mcp, listen } = options;
    const isAssumed = openapi !== undefined || baseUrl !== undefined || mcp !== undefined || listen !== undefined;
    const assumed = isAssumed ? { openapi, baseUrl, mcp, listen } : undefined;
    const stop = await serve({ config, json, frozen, allowDowngrade, assumed, watch: !noWatch }, signal);
    if (!signal.aborted) await once(signal, 'abort');
    await stop(String(signal.reason));
    return undefined;
  },
});
