import { expect, it } from 'vitest';
import type { UpstreamObject } from '../config/schema.ts';
import { joiningServer } from './joining-server.ts';
import { readConfigObject } from './load-config.ts';

const secret = 'tok-9x7';

const rows: readonly (readonly [what: string, upstream: UpstreamObject, shown: object])[] = [
  [
    'a command',
    { id: 'files', stdio: { command: '/opt/bin/server', args: ['--key', secret], env: { KEY: secret } } },
    { transport: 'stdio', command: 'server', urls: [] },
  ],
  [
    'a URL',
    {
      id: 'files',
      http: { url: `https://files.example:8443/mcp?token=${secret}`, headers: { 'x-key': secret } },
    },
    { transport: 'http', urls: ['https://files.example:8443/mcp'] },
  ],
  [
    'several instances',
    { id: 'files', http: { instances: [{ url: 'https://a.example/mcp' }, { url: 'https://b.example/mcp' }] } },
    { transport: 'http', urls: ['https://a.example/mcp', 'https://b.example/mcp'] },
  ],
  [
    'an HTTP API',
    {
      id: 'files',
      openapi: {
        document: `https://docs.example/api.json?key=${secret}`,
        base_url: 'https://api.example/v1',
        origins: ['https://upload.example'],
      },
    },
    {
      transport: 'openapi',
      urls: ['https://docs.example/api.json', 'https://api.example/v1', 'https://upload.example/'],
    },
  ],
  [
    'an OpenAPI document that names its servers',
    {
      id: 'files',
      openapi: { openapi: '3.1.0', servers: [{ url: 'https://api.example' }, { url: '/v2' }], paths: {} },
    },
    { transport: 'openapi', urls: ['https://api.example/'] },
  ],
  [
    'an OpenAPI document whose servers have variables, at the hosts that these stand for',
    {
      id: 'files',
      openapi: {
        document: {
          openapi: '3.1.0',
          servers: [
            { url: 'https://{host}.example', variables: { host: { default: 'other.example/#' } } },
            { url: 'https://{host}.example/{key}', variables: { host: { default: 'a' }, key: {} } },
          ],
          paths: {},
        },
        variables: { key: secret },
      },
    },
    { transport: 'openapi', urls: ['https://other.example/', 'https://a.example/'] },
  ],
];

it.each(rows)('[HOOK-180] %s is shown without what could be secret', async (_, upstream, shown) => {
  const config = await readConfigObject({ upstreams: [upstream] }, '/');
  const [entry] = config.upstreams;
  if (entry === undefined) throw new Error('there is no upstream');
  const server = joiningServer(entry, ['main'], { origin: 'admin', principal: 'ops' }, { text: text => text });
  expect(server).toEqual({ id: 'files', bindings: ['main'], origin: 'admin', principal: 'ops', ...shown });
  expect(JSON.stringify(server)).not.toContain(secret);
  const masked = joiningServer(entry, [], { origin: 'file' }, { text: text => text.replaceAll('example', '[masked]') });
  expect(JSON.stringify(masked)).not.toContain('example');
  expect(masked).not.toHaveProperty('principal');
});
