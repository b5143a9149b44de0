import { once } from 'node:events';
import { fail } from '@sallyport/host/core';
import { type ProfileName, profileNames } from '@sallyport/registry/profile';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  summary: 'run an OCI registry for development on this machine',
  about: `No login is needed. With --profile it emulates a well-known registry and prints a login that works: ghcr needs a
token for public artifacts too and has no referrers API, ecr passwords expire after 12 hours, harbor has robot
accounts.`,
  arguments: {},
  options: {
    dir: { value: 'FOLDER', required: true, says: 'an OCI image layout, or a folder to create one in' },
    port: { value: 'PORT', default: '0', says: 'the port; 0 picks a free one' },
    host: { value: 'ADDRESS', default: '127.0.0.1', says: 'an address of this machine' },
    profile: { value: 'NAME', choices: profileNames, says: 'emulate this registry' },
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
    const started = { url, ...login?.() };
    terminal.print(json ? JSON.stringify(started) : Object.values(started).join('\n'));
    if (!signal.aborted) await once(signal, 'abort');
    return undefined;
  },
});
