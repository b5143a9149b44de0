import { describe, expect, it } from 'vitest';
import { ProtectedResources } from './protected-resources.ts';

const main = {
  ...{ resource: 'main', name: 'main' },
  requiredScopes: ['tools'],
  ruleScopes: [['read'], ['write', 'a']],
  entryScopes: ['read'],
};
const other = { resource: 'other', name: 'other', requiredScopes: [], ruleScopes: [], entryScopes: [] };
const paths = [
  ...['/mcp', '/mcp/main', '/main/mcp'].map(path => ({ path, ...main })),
  ...['/mcp/other', '/other/mcp'].map(path => ({ path, ...other })),
];
const servers = [
  { issuer: 'https://a.example', requiredScopes: ['base', 'a'] },
  { issuer: 'https://b.example/', requiredScopes: ['base'] },
];
const open = (publicUrl?: string) => new ProtectedResources({ paths, publicUrl, servers });
const wellKnown = '/.well-known/oauth-protected-resource';

describe('a binding as a protected resource [GW-131]', () => {
  it('has metadata for each of its paths', () => {
    expect(open('https://mcp.example').metadata('/mcp/main/')).toEqual({
      resource: 'https://mcp.example/mcp/main',
      authorization_servers: ['https://a.example', 'https://b.example/'],
      scopes_supported: ['a', 'base', 'read', 'tools', 'write'],
      bearer_methods_supported: ['header'],
      resource_name: 'main',
    });
    expect(open('https://mcp.example').metadata('/main/mcp')).toMatchObject({
      resource: 'https://mcp.example/main/mcp',
    });
    expect(open('https://mcp.example').metadata('/mcp/none')).toBeUndefined();
  });

  it.each([
    { publicUrl: 'https://mcp.example', url: `https://mcp.example${wellKnown}/mcp/other` },
    { publicUrl: 'HTTPS://MCP.example:443/', url: `https://mcp.example${wellKnown}/mcp/other` },
    { publicUrl: 'https://example.com:8443/door/', url: `https://example.com:8443${wellKnown}/door/mcp/other` },
  ])('has its metadata between host and path: $url', ({ publicUrl, url }) => {
    expect(open(publicUrl).metadataUrl('/mcp/other')).toBe(url);
    expect(open(publicUrl).metadataUrl('/mcp/other/')).toBe(url);
  });

  it('is served with and without the path of the public URL, and for /mcp without a path', () => {
    const served = open('https://example.com/door').metadataPaths;
    expect(served.get(wellKnown)).toBe('/mcp');
    expect(served.get(`${wellKnown}/door/main/mcp`)).toBe('/main/mcp');
    expect(served.get(`${wellKnown}/main/mcp`)).toBe('/main/mcp');
    expect(served.size).toBe(1 + 2 * paths.length);
  });

  it('has the address of the gateway as its URL where no other is stated', () => {
    const resources = open();
    expect(resources.resourceOf('http://127.0.0.1:8787/mcp')).toBeUndefined();
    resources.listenOn('http://127.0.0.1:8787');
    expect(resources.resourceOf('http://127.0.0.1:8787/mcp')).toBe('main');
  });

  it.each([
    ['https://mcp.example/mcp', 'main'],
    ['https://mcp.example/mcp/', 'main'],
    ['https://mcp.example/other/mcp/', 'other'],
    ['HTTPS://MCP.EXAMPLE:443/mcp/other', 'other'],
    ['https://mcp.example', undefined],
    ['https://mcp.example/MCP', undefined],
    ['https://mcp.example/mcp//', undefined],
    ['https://mcp.example/mcp?a', undefined],
    ['https://mcp.example/mcp#a', undefined],
    ['https://mcp.example.evil/mcp', undefined],
    ['http://mcp.example/mcp', undefined],
    ['main', undefined],
    ['', undefined],
  ])('is the audience %j: %s', (audience, binding) => {
    const resources = open('https://mcp.example');
    resources.listenOn('http://127.0.0.1:8787');
    expect(resources.resourceOf(audience)).toBe(binding);
  });

  const none = { requiredScopes: [], ruleScopes: [], entryScopes: [] };
  const hosted = (publicUrl?: string) =>
    new ProtectedResources({
      paths: [
        { path: '/mcp', resource: 'main', name: 'main', ...none },
        { host: 'acme.example.com', path: '/mcp', resource: 'main acme', name: 'main', ...none },
        { host: 'beta.example.com:8443', path: '/mcp', resource: ' beta.example.com:8443/mcp', ...none },
      ],
      publicUrl,
      servers,
    });

  it.each([
    ['https://gw.example.com', 'acme.example.com', 'https://acme.example.com/mcp'],
    ['https://gw.example.com', 'ACME.example.com:443', 'https://acme.example.com/mcp'],
    ['https://gw.example.com:444', 'acme.example.com:444', 'https://acme.example.com:444/mcp'],
    ['https://gw.example.com/door/', 'acme.example.com', 'https://acme.example.com/door/mcp'],
    ['https://gw.example.com:444', 'beta.example.com:8443', 'https://beta.example.com:8443/mcp'],
    ['https://gw.example.com', 'beta.example.com', 'https://gw.example.com/mcp'],
    ['https://gw.example.com', 'acme.example.com.', 'https://gw.example.com/mcp'],
    ['https://gw.example.com', undefined, 'https://gw.example.com/mcp'],
    // A host with routes of its own serves nothing else, also if it is that of the public URL.
    ['https://acme.example.com', 'acme.example.com', 'https://acme.example.com/mcp'],
  ])('[GW-262] behind %s is, for the Host %j, %s', (publicUrl, host, url) => {
    const resources = hosted(publicUrl);
    const place = resources.placeOf('/mcp', host);
    expect(resources.metadata(place)).toMatchObject({ resource: url });
    const { origin, pathname } = new URL(url);
    expect(resources.metadataUrl(place)).toBe(`${origin}${wellKnown}${pathname}`);
  });

  it('[GW-262] is, for each tenant, a resource of its own', () => {
    const resources = hosted('https://gw.example.com');
    expect(resources.resourceOf('https://acme.example.com/mcp/')).toBe('main acme');
    expect(resources.resourceOf('https://gw.example.com/mcp')).toBe('main');
    expect(resources.resourceOf('https://beta.example.com:8443/mcp')).toBe(' beta.example.com:8443/mcp');
    expect(resources.resourceOf('https://beta.example.com/mcp')).toBeUndefined();
    expect(hosted('https://acme.example.com').resourceOf('https://acme.example.com/mcp')).toBe('main acme');
    expect([...resources.metadataPaths.keys()]).toEqual([wellKnown, `${wellKnown}/mcp`]);
  });

  it('needs the scopes of the binding, those that every server requires, and those of a rule', () => {
    expect(open().requiredScopes('/mcp/main')).toEqual(['base', 'read', 'tools']);
    expect(open().requiredScopes('/mcp/main', ['write'])).toEqual(['base', 'tools', 'write']);
    expect(open().requiredScopes('/mcp/other')).toEqual(['base']);
  });
});
