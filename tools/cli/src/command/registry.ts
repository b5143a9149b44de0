import { once } from 'node:events';
import { fail } from '@sallyport/host/core/fault';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  summary: 'an OCI registry for development, without a login, on this machine alone',
  arguments: {},
  options: {
    dir: { value: 'FOLDER', required: true, says: 'an OCI image layout, or a folder that is to become one' },
    port: { value: 'PORT', default: '0', says: 'the port; 0 takes a free one' },
    host: { value: 'ADDRESS', default: '127.0.0.1', says: 'an address of this machine' },
  },
  example: 'sallyport registry --dir ./registry --port 5001',
  async run({ options: { dir: directory, port, host }, json }, { terminal, signal }) {
    if (!/^\d{1,5}$/.test(port)) fail('usage', { option: '--port', value: port });
    const { startRegistry } = await import('@sallyport/registry/start-registry');
    await using registry = await startRegistry({ directory, port: Number(port), host });
    const { url } = registry;
    terminal.print(json ? JSON.stringify({ url }) : url);
    if (!signal.aborted) await once(signal, 'abort');
    return undefined;
  },
});
