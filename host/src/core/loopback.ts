import { isIPv4 } from 'node:net';

/** Whether a name or address, IPv6 with or without brackets, is loopback: 127.0.0.0/8, ::1, localhost. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
