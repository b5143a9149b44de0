import { expect, it } from 'vitest';
import { isFollowed, isTrustedRealm, registryUrl } from './registry-address.ts';

it.each([
  ['ghcr.io', {}, 'https://ghcr.io/'],
  ['10.0.0.1:5000', {}, 'https://10.0.0.1:5000/'],
  ['10.0.0.1:5000', { plainHttp: ['10.0.0.1:5000'] }, 'http://10.0.0.1:5000/'],
  ['10.0.0.1:5001', { plainHttp: ['10.0.0.1:5000'] }, 'https://10.0.0.1:5001/'],
  ['registry.lan', { plainHttp: ['registry.lan'] }, 'http://registry.lan/'],
  ['127.0.0.1:5000', {}, 'http://127.0.0.1:5000/'],
  ['docker.io', {}, 'https://registry-1.docker.io/'],
])('[SRC-10] asks %s, with %j, at %s', (registry, policy, url) => {
  expect(registryUrl(registry, policy).href).toBe(url);
});

const https = 'https://registry.example';
it.each([
  ['https://registry.example/token', https, {}, true],
  ['https://registry.example:8443/token', https, {}, true],
  ['http://registry.example/token', https, {}, false],
  ['https://auth.example/token', https, {}, false],
  ['https://auth.example/token', https, { tokenHosts: ['auth.example'] }, true],
  ['http://auth.example/token', https, { tokenHosts: ['auth.example'] }, false],
  ['https://registry.example.evil.example/token', https, {}, false],
  ['https://me:secret@registry.example/token', https, {}, false],
  ['file:///etc/passwd', https, {}, false],
  ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000', {}, true],
  ['http://10.0.0.1/token', 'http://127.0.0.1:5000', {}, false],
  ['https://auth.docker.io/token', 'https://registry-1.docker.io', {}, true],
  ['https://auth.docker.io/token', https, {}, false],
])('[SRC-11] realm %s for %s with %j: %s', (realm, registry, policy, expected) => {
  expect(isTrustedRealm(new URL(realm), new URL(registry), policy)).toBe(expected);
});

it.each([
  ['https://a.example', 'https://b.example', {}, true],
  ['https://a.example', 'http://a.example', {}, false],
  ['https://a.example', 'http://127.0.0.1', {}, false],
  ['http://127.0.0.1:1', 'http://127.0.0.1:2', {}, true],
  ['http://127.0.0.1:1', 'https://b.example', {}, true],
  ['http://127.0.0.1:1', 'http://10.0.0.1', {}, false],
  ['http://127.0.0.1:1', 'http://10.0.0.1', { plainHttp: ['10.0.0.1'] }, true],
  ['https://a.example', 'file:///etc/passwd', {}, false],
])('[SRC-12] redirect from %s to %s with %j: %s', (from, to, policy, expected) => {
  expect(isFollowed(new URL(from), new URL(to), policy)).toBe(expected);
});
