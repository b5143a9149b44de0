import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createClientAddress, peerAddress, type TrustedProxies } from './client-address.ts';

const from = ['10.0.0.0/8', 'fd00::/8'];

/** A request from an address. Node joins headers of one name in the order in which they came. */
function request(peer: string | undefined, headers: Record<string, string>): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: peer });
  return Object.assign(new IncomingMessage(socket), { headers });
}

const found = (header: TrustedProxies['header'], sent: string, peer = '10.0.0.1') =>
  createClientAddress({ from, header })(request(peer, { [header]: sent }));

describe('the address of a client [GW-170]', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    [undefined, ''],
  ])('is the one at the other end of the connection without trusted proxies: %s', (peer, address) => {
    expect(peerAddress(request(peer, { 'x-forwarded-for': '203.0.113.1' }))).toBe(address);
  });

  it.each(['192.0.2.7', '::ffff:192.0.2.7', 'fe80::1'])('is %s, which is no proxy, whatever it sends', peer => {
    for (const header of ['x-forwarded-for', 'forwarded'] as const) {
      const said = header === 'forwarded' ? 'for=203.0.113.1' : '203.0.113.1';
      expect(found(header, said, peer)).toBe(peer.replace('::ffff:', ''));
    }
  });

  it.each([
    { what: 'one address', sent: '203.0.113.1', address: '203.0.113.1' },
    { what: 'no header', sent: '', address: '10.0.0.1' },
    { what: 'an address that the client sent before', sent: '198.51.100.9, 203.0.113.1', address: '203.0.113.1' },
    {
      what: 'the address of a proxy that the client sent before',
      sent: '10.0.0.9,203.0.113.1',
      address: '203.0.113.1',
    },
    { what: 'junk that the client sent before', sent: 'unknown, "x, ;, 203.0.113.1', address: '203.0.113.1' },
    { what: 'two proxies', sent: '198.51.100.9, 203.0.113.1, 10.0.0.2', address: '203.0.113.1' },
    { what: 'proxies alone', sent: '10.0.0.3, 10.0.0.2', address: '10.0.0.3' },
    { what: 'a proxy of IPv6', sent: '203.0.113.1, fd00::2', address: '203.0.113.1' },
    { what: 'a proxy as an IPv4-mapped address', sent: '203.0.113.1, ::ffff:10.0.0.2', address: '203.0.113.1' },
    { what: 'a port', sent: '203.0.113.1:4711', address: '203.0.113.1' },
    { what: 'IPv6', sent: '2001:DB8:0:0:0::1', address: '2001:db8::1' },
    { what: 'IPv6 in brackets', sent: '[2001:db8::1]', address: '2001:db8::1' },
    { what: 'IPv6 with a port', sent: '[2001:db8::1]:4711', address: '2001:db8::1' },
    { what: 'an IPv4-mapped address', sent: '::FFFF:203.0.113.1', address: '203.0.113.1' },
    { what: 'an IPv4-mapped address in hexadecimal', sent: '::ffff:cb00:7101', address: '203.0.113.1' },
    { what: 'white space', sent: ' \t203.0.113.1 ', address: '203.0.113.1' },
    { what: 'a name', sent: 'client.example', address: '10.0.0.1' },
    { what: 'unknown', sent: '203.0.113.1, unknown', address: '10.0.0.1' },
    { what: 'an empty entry', sent: '203.0.113.1,', address: '10.0.0.1' },
    { what: 'junk behind a second proxy', sent: '203.0.113.1, _hidden, 10.0.0.2', address: '10.0.0.2' },
    { what: 'numbers that are no address', sent: '203.0.113.256', address: '10.0.0.1' },
    { what: 'an address with leading zeros', sent: '203.0.113.010', address: '10.0.0.1' },
    { what: 'a number alone', sent: '3405803777', address: '10.0.0.1' },
    { what: 'an interface', sent: 'fe80::1%eth0', address: '10.0.0.1' },
    { what: 'IPv4 in brackets', sent: '[203.0.113.1]', address: '10.0.0.1' },
    { what: 'half a bracket', sent: '[2001:db8::1', address: '10.0.0.1' },
    { what: 'a port that is not a number', sent: '203.0.113.1:x', address: '10.0.0.1' },
    { what: 'quotes', sent: '"203.0.113.1"', address: '10.0.0.1' },
    { what: 'the form of the other header', sent: 'for=203.0.113.1', address: '10.0.0.1' },
  ])('behind a proxy is read from X-Forwarded-For with $what', ({ sent, address }) => {
    expect(found('x-forwarded-for', sent)).toBe(address);
  });

  it.each([
    { what: 'one address', sent: 'for=203.0.113.1', address: '203.0.113.1' },
    { what: 'all parameters', sent: 'by=10.0.0.1;FOR="203.0.113.1:47";proto=https;host=a', address: '203.0.113.1' },
    { what: 'white space and an empty parameter', sent: ' for=203.0.113.1 ; proto=http;', address: '203.0.113.1' },
    { what: 'IPv6', sent: 'For="[2001:db8:cafe::17]:4711"', address: '2001:db8:cafe::17' },
    { what: 'IPv6 without quotes', sent: 'for=[2001:db8:cafe::17]', address: '2001:db8:cafe::17' },
    { what: 'a port with a name', sent: 'for="203.0.113.1:_gazonk"', address: '203.0.113.1' },
    {
      what: 'two proxies',
      sent: 'for=198.51.100.9, for=203.0.113.1;by=10.0.0.2, for=10.0.0.2',
      address: '203.0.113.1',
    },
    { what: 'an open quote of the client', sent: 'for="198.51.100.9, for=203.0.113.1', address: '203.0.113.1' },
    { what: 'a quote of the client that opens twice', sent: 'for=a;x=", for=203.0.113.1', address: '203.0.113.1' },
    { what: 'a comma in quotes', sent: 'for=203.0.113.1;host="a,b"', address: '10.0.0.1' },
    { what: 'an obfuscated id', sent: 'for=_hidden', address: '10.0.0.1' },
    { what: 'an obfuscated id with a port', sent: 'for="_SEVKISEK:80"', address: '10.0.0.1' },
    { what: 'unknown', sent: 'for=203.0.113.1, for=unknown', address: '10.0.0.1' },
    { what: 'two addresses in one element', sent: 'for=203.0.113.1;for=198.51.100.9', address: '10.0.0.1' },
    { what: 'no address', sent: 'proto=https', address: '10.0.0.1' },
    { what: 'an escaped address', sent: 'for="203.0.113\\.1"', address: '10.0.0.1' },
    { what: 'junk', sent: 'for=203.0.113.1;;=', address: '10.0.0.1' },
    { what: 'the form of the other header', sent: '203.0.113.1', address: '10.0.0.1' },
  ])('behind a proxy is read from Forwarded with $what', ({ sent, address }) => {
    expect(found('forwarded', sent)).toBe(address);
  });

  it('is not read from the header that the proxies leave alone', () => {
    const headers = { forwarded: 'for=198.51.100.9', 'x-forwarded-for': '203.0.113.1' };
    expect(createClientAddress({ from, header: 'x-forwarded-for' })(request('10.0.0.1', headers))).toBe('203.0.113.1');
    expect(createClientAddress({ from, header: 'forwarded' })(request('10.0.0.1', headers))).toBe('198.51.100.9');
  });

  it('is looked for behind a bounded number of proxies', () => {
    const sent = ['203.0.113.1', ...Array.from({ length: 1_000 }, (_, index) => `10.1.0.${index % 256}`)].join(', ');
    expect(found('x-forwarded-for', sent)).toMatch(/^10\.1\.0\./);
  });
});
