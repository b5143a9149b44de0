import { z } from 'zod';
import { memberAt } from '../member-at.ts';
import { text } from './fields.ts';
import { entries } from './named.ts';
import { type Files, section } from './section.ts';

/** The files of a TLS listener. */
export const tlsFiles = z.strictObject({
  certificate: text.describe('A PEM file with the certificate of the gateway and those of its issuers.'),
  key: text.describe('A PEM file with its private key.'),
  client_authorities: text
    .optional()
    .describe(
      'A PEM file with the authorities whose client certificates are accepted. Without it, clients are not asked.',
    ),
  client_revocations: text.optional().describe('A PEM file with lists of revoked client certificates.'),
});

/** Returns the same files with absolute paths. */
export const absoluteTls = (tls: z.output<typeof tlsFiles>, { absolute }: Files): z.output<typeof tlsFiles> => ({
  certificate: absolute(tls.certificate),
  key: absolute(tls.key),
  client_authorities: tls.client_authorities && absolute(tls.client_authorities),
  client_revocations: tls.client_revocations && absolute(tls.client_revocations),
});

/** `tls`: the certificates of the listener. */
export const tlsSection = section({
  shape: {
    tls: tlsFiles.optional().describe('Serves https instead of http. The files are read again when they change.'),
  },
  finish: ({ tls }, files) => ({ tls: tls && absoluteTls(tls, files) }),
  problems(value) {
    const asks = memberAt(value, ['tls', 'client_authorities']) !== undefined;
    const hint = 'add `tls: { certificate, key, client_authorities }`';
    const schemes = entries(value, ['identity', 'schemes'])
      .flatMap(({ path }) => [
        [...path, 'client_certificates'],
        [...path, 'proxy', 'certificate'],
      ])
      .filter(path => !asks && memberAt(value, path) !== undefined)
      .map(path => ({ path, message: 'clients are not asked for certificates without tls.client_authorities', hint }));
    const revocations = ['tls', 'client_revocations'];
    const isUseless = !asks && memberAt(value, revocations) !== undefined;
    const useless = { path: revocations, message: 'clients are not asked for certificates without client_authorities' };
    return isUseless ? [...schemes, useless] : schemes;
  },
});
