import { BlockList, isIP, isIPv6 } from 'node:net';
import { createNetworkTest } from './cidr.ts';

/** One list a family: a single BlockList takes an IPv4 address for an IPv6 one in its IPv6 networks. */
const createNetworks = () => ({ ipv4: new BlockList(), ipv6: new BlockList() });

const notPublic = createNetworks();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // The metadata service of a large cloud: it looks public, and is not.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  notPublic.ipv4.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // All but 2000::/3: loopback, unique and link-local, multicast, IPv4-mapped and -compatible, NAT64, discard.
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic.ipv6.addSubnet(network, prefix, 'ipv6');
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/**
 * Whether an address is one of the public internet: not private, loopback, link-local, shared, multicast or reserved,
 * and not an IPv6 form that carries an IPv4 address. (IANA Special-Purpose Address Registries)
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  const family = familyOf(address);
  return !notPublic[family].check(address, family);
}

/**
 * Whether connections may be made to an address: a public one, or one that `allowPrivate` (CIDR) holds.
 * An address that carries an IPv4 address (mapped, NAT64, 6to4) must satisfy the rules with that one too.
 */
export function createAddressCheck(allowPrivate: readonly string[]): (address: string) => boolean {
  const isAllowed = createNetworkTest(allowPrivate);
  const mayReach = (address: string): boolean => {
    if (isPublicAddress(address)) return true;
    if (!isAllowed(address)) return false;
    const carried = carriedAddress(address);
    return carried === undefined || mayReach(carried);
  };
  return mayReach;
}

const isMapped = new BlockList();
isMapped.addSubnet('::ffff:0:0', 96, 'ipv6');
const isNat64 = new BlockList();
isNat64.addSubnet('64:ff9b::', 96, 'ipv6');
const is6to4 = new BlockList();
is6to4.addSubnet('2002::', 16, 'ipv6');

/** The IPv4 address within an IPv4-mapped (RFC 4291), a NAT64 (RFC 6052) or 6to4 (RFC 3056) address. */
function carriedAddress(address: string): string | undefined {
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  if (isMapped.check(address, 'ipv6') || isNat64.check(address, 'ipv6')) return dotted(groups[6], groups[7]);
  if (is6to4.check(address, 'ipv6')) return dotted(groups[1], groups[2]);
  return undefined;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)));
  const before = read(head);
  const after = tail === undefined ? [] : read(tail);
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

const dotted = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
