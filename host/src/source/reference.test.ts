import { expect, it } from 'vitest';
import { formatReference, parseReference } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  ['ghcr.io/acme/redact:0.1.0', { registry: 'ghcr.io', repository: 'acme/redact', tag: '0.1.0' }],
  ['GHCR.io/acme/redact:V1', { registry: 'ghcr.io', repository: 'acme/redact', tag: 'V1' }],
  ['localhost/redact:1', { registry: 'localhost', repository: 'redact', tag: '1' }],
  ['localhost:5000/a/b/c:1', { registry: 'localhost:5000', repository: 'a/b/c', tag: '1' }],
  ['127.0.0.1:5000/redact:1', { registry: '127.0.0.1:5000', repository: 'redact', tag: '1' }],
  ['[::1]:5000/redact:1', { registry: '[::1]:5000', repository: 'redact', tag: '1' }],
  ['r.example/a.b_c__d--e/f:_1.-', { registry: 'r.example', repository: 'a.b_c__d--e/f', tag: '_1.-' }],
  [`ghcr.io/acme/redact@${digest}`, { registry: 'ghcr.io', repository: 'acme/redact', digest }],
  [`ghcr.io/acme/redact:1@${digest}`, { registry: 'ghcr.io', repository: 'acme/redact', tag: '1', digest }],
])('[SRC-08] reads %s, and writes it the same', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
  expect(parseReference(formatReference(parseReference(text)))).toEqual(reference);
});

it.each([
  ['without a registry', 'redact:1'],
  ['with a folder in the place of a registry', 'acme/redact:1'],
  ['without tag and digest', 'ghcr.io/acme/redact'],
  ['with upper case in the repository', 'ghcr.io/Acme/redact:1'],
  ['with a path that climbs', 'ghcr.io/../redact:1'],
  ['with an empty component', 'ghcr.io//redact:1'],
  ['with a scheme', 'https://ghcr.io/acme/redact:1'],
  ['with a login', 'me@ghcr.io/acme/redact:1'],
  ['with a query', 'ghcr.io/acme/redact:1?x'],
  ['with a line break', 'ghcr.io/acme/redact:1\n'],
  ['with a percent', 'ghcr.io/acme%2fredact:1'],
  ['with a tag of 129 characters', `ghcr.io/acme/redact:${'a'.repeat(129)}`],
  ['with a short digest', 'ghcr.io/acme/redact@sha256:abc'],
  ['with a digest of another kind', `ghcr.io/acme/redact@sha512:${'a'.repeat(128)}`],
  ['with a port that is none', 'ghcr.io:99999/acme/redact:1'],
  ['with an address that is none', '[::::]/redact:1'],
  ['with a shortened address', '127.1:5000/redact:1'],
  ['with an address in octal', '127.0.0.010:5000/redact:1'],
  ['with zeros before the port', 'ghcr.io:0443/acme/redact:1'],
  ['with another way to write an IPv6 address', '[0:0::1]:5000/redact:1'],
  ['with a repository of 256 characters', `ghcr.io/${'a'.repeat(256)}:1`],
  ['that never ends', `ghcr.io/${'a-'.repeat(50_000)}`],
])('[SRC-08] refuses a reference %s', (_, text) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'reference_invalid' }));
});
