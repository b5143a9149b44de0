import { describe, expect, it } from 'vitest';
import { ProtectedResources } from './protected-resources.ts';

const main = {
  binding: 'main',
  requiredScopes: ['tools'],
  ruleScopes: [['read'], ['write', 'a']],
  entryScopes: ['read'],
};
const other = { binding: 'other', requiredScopes: [], ruleScopes: [], entryScopes: [] };
const paths = new Map([
  ...['/mcp', '/mcp/main', '/main/mcp'].map(path => [path, main] as const),
  ...['/mcp/other', '/other/mcp'].map(path => [path, other] as const),
]);
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
    expect(served.size).toBe(1 + 2 * paths.size);
  });

  it('has the address of the gateway as its URL where no other is stated', () => {
    const resources = open();
    expect(resources.bindingOf('http://127.0.0.1:8787/mcp')).toBeUndefined();
    resources.listenOn('http://127.0.0.1:8787');
    expect(resources.bindingOf('http://127.0.0.1:8787/mcp')).toBe('main');
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
    expect(resources.bindingOf(audience)).toBe(binding);
  });

  it('needs the scopes of the binding, those that every server requires, and those of a rule', () => {
    expect(open().requiredScopes('/mcp/main')).toEqual(['base', 'read', 'tools']);
    expect(open().requiredScopes('/mcp/main', ['write'])).toEqual(['base', 'tools', 'write']);
    expect(open().requiredScopes('/mcp/other')).toEqual(['base']);
  });
});
