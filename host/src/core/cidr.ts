import { BlockList, isIP, isIPv6 } from 'node:net';
import { z } from 'zod';

const cidrPattern = /^(?<network>[^/%]+)\/(?<prefix>\d{1,3})$/;

/** Whether `text` is a network in CIDR form: `10.0.0.0/8`, `fd00::/8`. (RFC 4632, RFC 4291 § 2.3) */
function isCidr(text: string): boolean {
  const { network = '', prefix = '' } = cidrPattern.exec(text)?.groups ?? {};
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1;
  return Number(prefix) <= bits;
}

/**
 * Creates a test of whether an address belongs to one of the networks, which `isCidr` accepts. An address that is not
 * valid, or has a zone, belongs to none.
 */
export function createNetworkTest(networks: readonly string[]): (address: string) => boolean {
  // One list a family: a single BlockList takes an IPv4 address for an IPv6 one in its IPv6 networks.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of networks) {
    const { network = '', prefix = '' } = cidrPattern.exec(cidr)?.groups ?? {};
    const family = familyOf(network);
    lists[family].addSubnet(network, Number(prefix), family);
  }
  return address => {
    if (isIP(address) === 0 || address.includes('%')) return false;
    const family = familyOf(address);
    return lists[family].check(address, family);
  };
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Returns the IPv4 address within an IPv4-mapped one, as a dual-stack socket reports it, or else the address. */
export const withoutMapping = (address: string): string =>
  /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

/** Returns what counts as one client: an IPv4 address, or the /64 network of an IPv6 one, in which a machine can choose freely. */
export function networkOf(address: string): string {
  const plain = withoutMapping(address);
  if (!plain.includes(':')) return plain;
  const [left = '', right] = (plain.split('%', 1)[0] ?? '').split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [before, after] = [groups(left), groups(right)];
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':');
}

/** The schema of a network in a configuration. */
export const cidr = z
  .string()
  .refine(isCidr, 'expected a network in CIDR form, for example 10.1.0.0/16 or 127.0.0.1/32');
