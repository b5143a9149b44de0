import { expect, it } from 'vitest';
import type { OpenBinding } from '../gateway/binding.ts';
import { type RouteEntry, RouteMap } from './route-map.ts';

const bindings = new Map(['one', 'two'].map(id => [id, { id } as unknown as OpenBinding]));
const pathsOf = (standard: string | undefined, entries?: readonly RouteEntry[]) =>
  Object.fromEntries(
    [...new RouteMap(entries, bindings, standard === undefined ? undefined : bindings.get(standard)).everywhere].map(
      ([path, { binding }]) => [path, binding?.id],
    ),
  );

it('a binding has its own paths, with and without a slash, and the standard one is also /mcp', () => {
  expect(pathsOf('one')).toEqual({
    ...{ '/mcp': 'one', '/mcp/': 'one' },
    ...{ '/mcp/one': 'one', '/mcp/one/': 'one', '/one/mcp': 'one', '/one/mcp/': 'one' },
    ...{ '/mcp/two': 'two', '/mcp/two/': 'two', '/two/mcp': 'two', '/two/mcp/': 'two' },
  });
});

it('without a standard binding there is no /mcp', () => {
  expect(Object.keys(pathsOf(undefined))).not.toContain('/mcp');
});

it('[GW-260] where routes are stated, they replace the usual ones', () => {
  expect(pathsOf('one', [{ path: '/tools', binding: 'two' }])).toEqual({ '/tools': 'two', '/tools/': 'two' });
});

const hosts: readonly RouteEntry[] = [
  { path: '/mcp', binding: 'one' },
  { host: 'two.example.com', path: '/mcp', binding: 'two' },
  { host: 'port.example.com:8443', path: '/mcp', binding: 'two' },
  { host: 'xn--bcher-kva.example.com', path: '/mcp', binding: 'two' },
];
it.each<[header: string | undefined, served: string | undefined]>([
  ['two.example.com', 'two'],
  ['TWO.Example.COM', 'two'],
  ['two.example.com:8443', 'two'],
  ['two.example.com:80', 'two'],
  ['port.example.com:8443', 'two'],
  ['xn--bcher-kva.example.com', 'two'],
  // Every other host is one without routes of its own; the check of Host refuses it before anything is served.
  ['port.example.com', undefined],
  ['port.example.com:443', undefined],
  ['two.example.com.', undefined],
  ['a.two.example.com', undefined],
  ['two.example.com.evil.example', undefined],
  ['example.com', undefined],
  ['bücher.example.com', undefined],
  ['two.example.com:', undefined],
  ['two.example.com:8443:80', undefined],
  ['[::1]:8787', undefined],
  ['[2001:db8::1]', undefined],
  ['127.0.0.1', undefined],
  ['', undefined],
  [undefined, undefined],
])('[GW-261] for the Host %j it serves the routes of %s', (header, served) => {
  const map = new RouteMap(hosts, bindings, bindings.get('one'));
  expect(map.ofHost(header)?.get('/mcp')?.binding?.id).toBe(served);
  expect(map.has(header, '/mcp')).toBe(true);
  expect(map.has(header, '/mcp/one')).toBe(false);
});
