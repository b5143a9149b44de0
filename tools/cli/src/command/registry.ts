import { once } from 'node:events';
import { fail } from '@sallyport/host/core/fault';
import { type ProfileName, profileNames } from '@sallyport/registry/profile';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  summary: 'an OCI registry for development, on this machine alone',
  about: `It asks for no login. With --profile it does as a registry that many use does, and tells a login that it takes:
ghcr wants a token for public artifacts too and has no referrers API, the password of ecr ends after 12 hours, harbor has
accounts of robots.`,
  arguments: {},
  options: {
    dir: { value: 'FOLDER', required: true, says: 'an OCI image layout, or a folder that is to become one' },
    port: { value: 'PORT', default: '0', says: 'the port; 0 takes a free one' },
    host: { value: 'ADDRESS', default: '127.0.0.1', says: 'an address of this machine' },
    profile: { value: 'NAME', choices: profileNames, says: 'do as this registry does' },
  },
  example: 'sallyport registry --dir ./registry --port 5001',
  async run({ options: { dir: directory, port, host, profile }, json }, { terminal, signal }) {
    if (!/^\d{1,5}$/.test(port)) fail('usage', { option: '--port', value: port });
    const { startRegistry } = await import('@sallyport/registry/start-registry');
    await using registry = await startRegistry({
      ...{ directory, port: Number(port), host },
      ...(profile !== undefined && { profile: profile as ProfileName }), // One of the choices.
    });
    const { url, login } = registry;
    const told = { url, ...login?.() };
    terminal.print(json ? JSON.stringify(told) : Object.values(told).join('\n'));
    if (!signal.aborted) await once(signal, 'abort');
    return undefined;
  },
});
