import { expect, it } from 'vitest';
import { networkOf } from './cidr.ts';

it.each([
  { sent: '192.0.2.1', network: '192.0.2.1' },
  { sent: '::ffff:192.0.2.1', network: '192.0.2.1' },
  { sent: '2001:db8:1:2:3:4:5:6', network: '2001:db8:1:2' },
  { sent: '2001:db8:1:2:ffff::1', network: '2001:db8:1:2' },
  { sent: '2001:db8::1', network: '2001:db8:0:0' },
  { sent: 'fe80::1%eth0', network: 'fe80:0:0:0' },
  { sent: '::1', network: '0:0:0:0' },
  { sent: '', network: '' },
])('$sent counts as $network', ({ sent, network }) => {
  expect(networkOf(sent)).toBe(network);
});

it.each([
  { what: 'IPv4', one: '192.0.2.1', other: '192.0.2.2', same: false },
  { what: 'IPv4 within IPv6', one: '::ffff:192.0.2.1', other: '192.0.2.1', same: true },
  { what: 'two of IPv4 within IPv6', one: '::ffff:192.0.2.1', other: '::ffff:192.0.2.2', same: false },
  { what: 'one network of IPv6', one: '2001:db8:1:2::1', other: '2001:db8:1:2:ffff:1:2:3', same: true },
  { what: 'two networks of IPv6', one: '2001:db8:1:2::1', other: '2001:db8:1:3::1', same: false },
  { what: 'short networks', one: '2001:db8::1', other: '2001:db8:0:0:1::', same: true },
  { what: 'an interface', one: 'fe80::1%eth0', other: 'fe80::2%eth1', same: true },
])('takes $what for one client: $same', ({ one, other, same }) => {
  expect(networkOf(one) === networkOf(other)).toBe(same);
});
