import { expect, it } from 'vitest';
import { Fault } from '../core/fault.ts';
import { ProtectedResources } from '../identity/protected-resources.ts';
import { createChallenge } from './challenge.ts';

it('asks for credentials, and says why others are not accepted [GW-116]', () => {
  const challenge = createChallenge();
  expect(challenge(new Fault('unauthenticated'), '/mcp')).toBe('Bearer');
  expect(challenge(new Fault('credentials_refused'), '/mcp')).toBe('Bearer error="invalid_token"');
  expect(challenge(new Fault('overloaded'), '/mcp')).toBeUndefined();
});

it('says where the authorization servers are named, and which scopes are needed [GW-131]', () => {
  const main = { resource: 'main', name: 'main', requiredScopes: ['tools'], ruleScopes: [], entryScopes: [] };
  const resources = new ProtectedResources({
    paths: [
      { path: '/mcp', ...main },
      { path: '/mcp/main', ...main },
    ],
    publicUrl: 'https://mcp.example/',
    servers: [{ issuer: 'https://as.example', requiredScopes: ['base'] }],
  });
  const challenge = createChallenge(resources);
  const at = (path: string) => `resource_metadata="https://mcp.example/.well-known/oauth-protected-resource${path}"`;
  expect(challenge(new Fault('unauthenticated'), '/mcp/main/?a=b')).toBe(
    `Bearer ${at('/mcp/main')}, scope="base tools"`,
  );
  expect(challenge(new Fault('credentials_refused'), '/mcp')).toBe(
    `Bearer error="invalid_token", error_description="The access token is not accepted", ${at('/mcp')}, scope="base tools"`,
  );
  expect(challenge(new Fault('insufficient_scope', { scope: 'files:write' }), '/mcp')).toBe(
    `Bearer error="insufficient_scope", error_description="The access token has too few scopes", ${at('/mcp')}, scope="base files:write tools"`,
  );
  expect(challenge(new Fault('unauthenticated'), '/elsewhere')).toBe('Bearer scope="base"');
});
