import { describe, expect, it } from 'vitest';
import { createAddressCheck, isPublicAddress } from './public-address.ts';

describe('an address', () => {
  const publicOnes = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'];
  it('[CAP-06] is public outside of all reserved ranges', () => {
    expect(publicOnes.filter(address => !isPublicAddress(address))).toEqual([]);
  });

  const others = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'nonsense',
    '',
  ];
  it('[CAP-06] is not public in a reserved range, nor when it is no address', () => {
    expect(others.filter(isPublicAddress)).toEqual([]);
  });

  it.each([
    { allow: ['127.0.0.1/32'], address: '127.0.0.1', may: true },
    { allow: ['127.0.0.1/32'], address: '127.0.0.2', may: false },
    { allow: ['10.0.0.0/8'], address: '192.168.0.1', may: false },
    { allow: ['fd00::/8'], address: 'fd12::1', may: true },
    { allow: ['64:ff9b::/96'], address: '64:ff9b::8.8.8.8', may: true },
    { allow: ['64:ff9b::/96'], address: '64:ff9b::127.0.0.1', may: false },
    { allow: ['64:ff9b::/96'], address: '64:ff9b::a9fe:a9fe', may: false },
    { allow: ['64:ff9b::/96', '10.0.0.0/8'], address: '64:ff9b::10.1.1.1', may: true },
    { allow: ['::/0'], address: '::ffff:169.254.169.254', may: false },
    { allow: ['::/0', '169.254.0.0/16'], address: '::ffff:a9fe:a9fe', may: true },
    { allow: ['2002::/16'], address: '2002:7f00:1::', may: false },
    { allow: ['fe80::/10'], address: 'fe80::1%eth0', may: false },
    { allow: [], address: '8.8.8.8', may: true },
  ])('[CAP-22] $address with allow_private $allow: $may', ({ allow, address, may }) => {
    expect(createAddressCheck(allow)(address)).toBe(may);
  });
});
