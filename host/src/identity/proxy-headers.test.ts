import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createProxyHeaders } from './proxy-headers.ts';

const identify = createProxyHeaders({
  id: 'ingress',
  from: ['10.1.0.0/16', 'fd00::/8'],
  headers: { subject: 'x-user', tenant: 'x-tenant', scopes: 'x-scopes' },
});

/** A request from an address, with headers as alternating names and values. */
function request(from: string | undefined, ...rawHeaders: string[]): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: from });
  const headers: Record<string, string> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = String(rawHeaders[at]).toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${rawHeaders[at + 1]}` : String(rawHeaders[at + 1]);
  }
  return Object.assign(new IncomingMessage(socket), { headers, rawHeaders });
}

describe('the caller that a proxy names [GW-117]', () => {
  it('has subject, tenant and scopes', () => {
    expect(identify(request('10.1.2.3', 'X-User', 'ada', 'X-Tenant', 'one', 'x-scopes', 'b, a  c'), 'main')).toEqual({
      ...{ scheme: 'ingress', subject: 'ada', tenant: 'one', scopes: ['a', 'b', 'c'], claims: {} },
    });
  });

  it.each([['10.1.2.3'], ['::ffff:10.1.2.3'], ['fd00::1']])('is believed from %s', address => {
    expect(identify(request(address, 'x-user', 'ada'), 'main')).toMatchObject({ subject: 'ada', scopes: [] });
  });

  it('is not asked for where no header is present', () => {
    expect(identify(request('203.0.113.9', 'x-other', 'ada'), 'main')).toBeUndefined();
  });

  const refused = [
    { what: 'another address', from: '10.2.0.1', headers: ['x-user', 'ada'], reason: 'untrusted_address' },
    {
      what: 'another address that names a tenant only',
      from: '::1',
      headers: ['X-Tenant', 'one'],
      reason: 'untrusted_address',
    },
    {
      what: 'an address of the other family with the same bits',
      from: '::10.1.2.3',
      headers: ['x-user', 'ada'],
      reason: 'untrusted_address',
    },
    { what: 'no address', from: undefined, headers: ['x-user', 'ada'], reason: 'untrusted_address' },
    { what: 'two subjects', from: '10.1.2.3', headers: ['x-user', 'ada', 'X-User', 'bob'], reason: 'ambiguous' },
    {
      what: 'two tenants',
      from: '10.1.2.3',
      headers: ['x-user', 'a', 'x-tenant', 'one', 'x-tenant', 'two'],
      reason: 'ambiguous',
    },
    { what: 'no subject', from: '10.1.2.3', headers: ['x-tenant', 'one'], reason: 'missing_claim' },
    { what: 'an empty subject', from: '10.1.2.3', headers: ['x-user', '  '], reason: 'missing_claim' },
  ];
  it.each(refused)('is refused with $what', ({ from, headers, reason }) => {
    expect(() => identify(request(from, ...headers), 'main')).toThrow(
      expect.objectContaining({ code: 'credentials_refused', details: expect.objectContaining({ reason }) }),
    );
  });
});
