import { expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { adminSection } from './admin.ts';

const problemsOf = (admin: JsonObject, more: JsonObject = {}) =>
  adminSection
    .problems?.({ listen: '127.0.0.1:8787', secrets: [{ name: 'known' }], admin, ...more })
    .map(({ path, message }) => [path.join('.'), message]);

const keys = { keys_file: 'keys.jsonl' };
const tls = { certificate: 'a.pem', key: 'a.key' };

it.each<[what: string, admin: JsonObject, path: string, says: RegExp, more?: JsonObject]>([
  ['no credentials', { listen: '127.0.0.1:1' }, 'admin', /nothing says who/],
  ['a secret that is not there', { token: 'unknown' }, 'admin.token', /unknown secret/],
  [
    'registered bindings with a plugin that is not there',
    { ...keys, registration: { plugins: ['guard'] } },
    ...(['admin.registration.plugins.0', /unknown plugin: guard/] as const),
  ],
  ['certificates of its own without an address', { ...keys, tls }, 'admin.tls', /need `listen`/],
  [
    'certificates that no client is asked for',
    { listen: '127.0.0.1:1', tls, client_certificates: { allow: [{ name: 'ops', scopes: ['admin:read'] }] } },
    ...(['admin.client_certificates', /not asked for certificates/] as const),
  ],
  ['the address of the gateway', { ...keys, listen: '127.0.0.1:8787' }, 'admin.listen', /address of the gateway/],
  ['the id of a scheme', keys, 'identity.schemes.0.id', /has this id/, { identity: { schemes: [{ id: 'admin' }] } }],
])('[CFG-130] the management API cannot have %s', (_, admin, path, says, more) => {
  expect(problemsOf(admin, more)).toEqual([[path, expect.stringMatching(says)]]);
});

it('[CFG-130] one way to authenticate is enough, and tokens over plain http to other machines are warned of', () => {
  const address = { listen: '0.0.0.0:8788', token: 'known' };
  for (const admin of [keys, { token: 'known' }, address]) expect(problemsOf(admin)).toEqual([]);
  const warned = (admin: JsonObject) => adminSection.warnings?.({ admin })?.map(({ path }) => path.join('.'));
  expect(warned(address)).toEqual(['admin.listen']);
  expect(warned({ ...address, tls })).toEqual([]);
  expect(warned({ ...address, listen: '127.0.0.1:1' })).toEqual([]);
});
