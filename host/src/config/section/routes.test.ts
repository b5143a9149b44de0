import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Faults } from '../../core/fault.ts';
import { loadConfig } from '../load-config.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-routes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const identity = { schemes: [{ id: 'keys', api_keys: { file: './keys' } }] };
const two = {
  bindings: [
    { id: 'main', upstreams: ['up'] },
    { id: 'wiki', upstreams: ['up'] },
  ],
};
const named = (id: string) => ({ id, upstreams: ['up'] });
const reserved = [named('metrics'), named('connect')];
const admin = (listen?: string) => ({
  admin: { keys_file: 'keys.jsonl', ...(listen !== undefined && { listen }) },
});
const tenants = [{ id: 'acme', bindings: ['wiki'], default_binding: 'wiki' }, { id: 'beta' }, { id: '*' }];

async function load(more: object) {
  const file = join(folder, 'sallyport.yaml');
  const upstreams = [{ id: 'up', http: { url: 'http://127.0.0.1:1/mcp' } }];
  await writeFile(file, stringify({ upstreams, ...two, ...more }));
  return loadConfig(file, { grants: z.strictObject({}) });
}
const problemsOf = async (more: object) =>
  load(more).then(
    () => [],
    (thrown: unknown) =>
      thrown instanceof Faults ? thrown.faults.map(({ details }) => [details.path, details.message]) : [thrown],
  );
const routesOf = async (more: object) =>
  (await load(more)).routes?.map(({ host = '', path, binding, tenant }) =>
    [`${host}${path}`, binding ?? '?', ...(tenant === undefined ? [] : [tenant])].join(' '),
  );

describe('routes', () => {
  it('[ADM-106] of a binding `admin` are free where the management API is off or has an address of its own', async () => {
    for (const more of [{}, admin('127.0.0.1:8789')]) {
      expect(await problemsOf({ ...more, bindings: [named('admin')] })).toEqual([]);
      expect(await problemsOf({ ...more, routes: [{ path: '/admin' }] })).toEqual([]);
    }
  });

  it('[GW-260] stand for every URL of the gateway', async () => {
    expect(await routesOf({})).toBeUndefined();
    expect(await routesOf({ routes: [{ path: '/mcp' }, { path: '/tools/{binding}' }] })).toEqual([
      '/mcp main',
      '/tools/main main',
      '/tools/wiki wiki',
    ]);
    expect(await routesOf({ routes: [{ host: '{binding}.example.com' }, { path: '/w', binding: 'wiki' }] })).toEqual([
      'main.example.com/mcp main',
      'wiki.example.com/mcp wiki',
      '/w wiki',
    ]);
  });

  it('[GW-264] of tenants stand for the bindings that each may use', async () => {
    const routes = [{ host: '{tenant}.example.com:8443' }, { path: '/{tenant}/mcp/{binding}' }];
    expect(await routesOf({ identity, tenants, routes })).toEqual([
      'acme.example.com:8443/mcp wiki acme',
      'beta.example.com:8443/mcp main beta',
      '/acme/mcp/wiki wiki acme',
      '/beta/mcp/main main beta',
      '/beta/mcp/wiki wiki beta',
    ]);
    // Where no binding is named, the caller's tenant decides, if any tenant has one of its own.
    expect(await routesOf({ identity, tenants })).toEqual([
      ...['/mcp ?', '/mcp/main main', '/mcp/wiki wiki', '/main/mcp main', '/wiki/mcp wiki'],
    ]);
  });

  it.each<[what: string, more: object, problems: readonly (readonly [path: string, message: RegExp])[]]>([
    ['a path without a slash', { routes: [{ path: 'mcp' }] }, [['routes.0.path', /begins with a slash/]]],
    ['a path with a slash at the end', { routes: [{ path: '/mcp/' }] }, [['routes.0.path', /no slash at the end/]]],
    ['a path with a query', { routes: [{ path: '/mcp?x' }] }, [['routes.0.path', /segments of letters/]]],
    ['a path that goes up', { routes: [{ path: '/a/../mcp' }] }, [['routes.0.path', /segments of letters/]]],
    ['a path that is encoded', { routes: [{ path: '/m%63p' }] }, [['routes.0.path', /segments of letters/]]],
    ['a placeholder in a segment', { routes: [{ path: '/x-{binding}' }] }, [['routes.0.path', /whole segment/]]],
    ['an unknown placeholder', { routes: [{ path: '/{user}/mcp' }] }, [['routes.0.path', /placeholders are/]]],
    ['a placeholder in a label', { routes: [{ host: 'x-{binding}.example.com' }] }, [['routes.0.host', /whole label/]]],
    ['a host of placeholders alone', { routes: [{ host: '{binding}' }] }, [['routes.0.host', /last label/]]],
    ['a wildcard', { routes: [{ host: '*.example.com' }] }, [['routes.0.host', /no wildcards/]]],
    ['a scheme', { routes: [{ host: 'https://a.example' }] }, [['routes.0.host', /without a scheme/]]],
    ['upper case', { routes: [{ host: 'A.example' }] }, [['routes.0.host', /in lower case/]]],
    ['another script', { routes: [{ host: 'bücher.example' }] }, [['routes.0.host', /in lower case/]]],
    ['a trailing dot', { routes: [{ host: 'a.example.' }] }, [['routes.0.host', /expected a host/]]],
    ['an address', { routes: [{ host: '10.0.0.1' }] }, [['routes.0.host', /expected a host/]]],
    ['an address of IPv6', { routes: [{ host: '[::1]' }] }, [['routes.0.host', /expected a host/]]],
    ['a port beyond 65535', { routes: [{ host: 'a.example:70000' }] }, [['routes.0.host', /expected a host/]]],
    [
      'one placeholder twice',
      { routes: [{ host: '{binding}.a.example', path: '/{binding}' }] },
      [['routes.0', /twice/]],
    ],
    ['an unknown binding', { routes: [{ binding: 'mian' }] }, [['routes.0.binding', /unknown binding/]]],
    [
      'a binding beside a placeholder',
      { routes: [{ path: '/{binding}', binding: 'main' }] },
      [['routes.0.binding', /a \{binding\} already/]],
    ],
    [
      'tenants without identity, and without tenants',
      { routes: [{ path: '/{tenant}/mcp' }] },
      [
        ['routes.0', /all callers are anonymous/],
        ['routes.0', /{tenant} matches nothing/],
      ],
    ],
    [
      'a path of the gateway',
      { routes: [{ path: '/healthz' }, { path: '/connect/x' }, { path: '/.well-known/mcp' }], bindings: reserved },
      [
        ['routes.0', /the gateway itself serves \/healthz$/],
        ['routes.1', /the gateway itself serves \/connect$/],
        ['routes.2', /the gateway itself serves \/\.well-known$/],
      ],
    ],
    ['a path of the management API', { ...admin(), routes: [{ path: '/admin/status' }] }, [['routes.0', /\/admin$/]]],
    [
      'a binding beneath a path of the gateway, by a route',
      { routes: [{ path: '/{binding}/mcp' }], bindings: reserved },
      [
        ['routes.0', /the gateway itself serves \/metrics$/],
        ['routes.0', /the gateway itself serves \/connect$/],
      ],
    ],
    [
      'a binding beneath a path of the gateway',
      { bindings: reserved },
      [
        ['bindings.0.id', /serves \/metrics, and this binding would be at \/metrics\/mcp$/],
        ['bindings.1.id', /serves \/connect, and this binding would be at \/connect\/mcp$/],
      ],
    ],
    [
      'a binding beneath the management API',
      { ...admin(), bindings: [named('admin')] },
      [['bindings.0.id', /\/admin,/]],
    ],
    [
      'two meanings of a URL',
      { identity, tenants: [{ id: 'main' }], routes: [{ path: '/{binding}/mcp' }, { path: '/{tenant}/mcp' }] },
      [['routes.1', /^\/main\/mcp is the URL of binding main for tenant main, and of binding main by routes\.0$/]],
    ],
    [
      'two tenants that differ in case',
      { identity, tenants: [{ id: 'acme' }, { id: 'Acme' }], routes: [{ host: '{tenant}.example.com' }] },
      [['routes.0', /^acme\.example\.com\/mcp is the URL/]],
    ],
    [
      'tenants that are no labels and no segments',
      {
        identity,
        tenants: [{ id: 'a_b' }, { id: 'bücher' }, { id: 'a/b' }, { id: '..' }, { id: 'x'.repeat(64) }],
        routes: [{ host: '{tenant}.example.com' }, { path: '/{tenant}/mcp' }],
      },
      [
        ['routes.0.host', /tenant a_b cannot be a part of a host/],
        ['routes.0.host', /tenant bücher/],
        ['routes.0.host', /tenant a\/b/],
        ['routes.0.host', /tenant \.\./],
        ['routes.0.host', /tenant x{64}/],
        ['routes.1.path', /tenant bücher cannot be a part of a path/],
        ['routes.1.path', /tenant a\/b/],
        ['routes.1.path', /tenant \.\./],
      ],
    ],
    [
      'default bindings that are unknown, or that the tenant may not use',
      {
        tenants: [
          { id: 'a', default_binding: 'mian' },
          { id: 'b', bindings: ['main'], default_binding: 'wiki' },
        ],
      },
      [
        ['tenants.0.default_binding', /unknown binding: mian/],
        ['tenants.1.default_binding', /may not use wiki/],
      ],
    ],
    [
      'a binding that the tenant of the URL may not use',
      { identity, tenants: [{ id: 'a', bindings: ['wiki'] }], routes: [{ path: '/{tenant}/mcp' }] },
      [['routes.0', /tenant a may not use main/]],
    ],
    [
      'a wildcard without a route in the domain',
      { allowed_hosts: ['*.example.com', '*.other.example'], routes: [{ host: '{binding}.example.com' }] },
      [['allowed_hosts.1', /wildcards are not supported here/]],
    ],
    [
      'a wildcard of everything',
      { allowed_hosts: ['*', 'a.*.example', '*.*.example'] },
      [
        ['allowed_hosts.0', /wildcards/],
        ['allowed_hosts.1', /wildcards/],
        ['allowed_hosts.2', /wildcards/],
      ],
    ],
  ])('[GW-265] are refused with their place: %s', async (_, more, expected) => {
    const problems = await problemsOf(more);
    expect(problems).toHaveLength(expected.length);
    for (const [index, [path, message]] of expected.entries()) {
      expect(problems[index]).toEqual([path, expect.stringMatching(message)]);
    }
  });

  it('[GW-265] with a host need no allowed_hosts on an address beyond this machine', async () => {
    const routes = [{ host: '{binding}.example.com' }];
    expect(await problemsOf({ listen: '0.0.0.0:1', identity: 'none', routes })).toEqual([]);
  });
});
