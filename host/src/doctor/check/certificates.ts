import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readRegularFileSync } from '../../core/regular-file.ts';
import type { Check, Found } from '../check.ts';

const day = 24 * 3_600_000;
const soon = 21 * day;

/** Certificates of listeners that expire, or are for other names. A start refuses those that it cannot use. */
export const certificates: Check = {
  id: 'DR205',
  severity: 'warning',
  about: 'certificates that have expired, expire soon, or are not for the names of the gateway',
  why: 'Clients refuse to connect to a gateway whose certificate is not valid.',
  fix: 'Renew the certificate. The gateway reloads the file when it changes.',
  find({ config: { tls, admin, allowed_hosts }, machine }) {
    const listeners = [
      { at: 'tls.certificate', file: tls?.certificate, hosts: allowed_hosts },
      { at: 'admin.tls.certificate', file: admin?.tls?.certificate, hosts: [] },
    ];
    return listeners.flatMap(({ at, file, hosts }): readonly Found[] => {
      const certificate = file === undefined ? undefined : read(file);
      if (certificate === undefined) return [];
      const left = Date.parse(certificate.validTo) - machine.now();
      const ended: Found[] =
        left < 0
          ? [{ severity: 'error', what: `The certificate in ${file} expired on ${certificate.validTo}.`, at }]
          : [];
      const ending =
        left >= 0 && left < soon
          ? [{ what: `The certificate in ${file} expires in ${Math.floor(left / day)} days.`, at }]
          : [];
      const others = hosts
        .map(host => host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))
        .filter(host => !host.startsWith('*') && !isFor(certificate, host))
        .map(host => ({
          what: `The certificate in ${file} is not for ${host}, which \`allowed_hosts\` lists.`,
          at,
          fix: `Get a certificate that also names ${host}, or remove it from \`allowed_hosts\`.`,
        }));
      return [...ended, ...ending, ...others];
    });
  },
};

/** Whether a certificate is for a name or an address. */
const isFor = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;

function read(file: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readRegularFileSync(file));
  } catch {
    return undefined;
  }
}
