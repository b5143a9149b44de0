import type { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { createPrincipal, type Principal } from './principal.ts';
import { type Authenticate, refuseCredentials } from './scheme.ts';

/** The part of a certificate that contains a name: of its subject, or of the alternative names (RFC 5280 § 4.2.1.6). */
export type CertificateName = 'cn' | 'o' | 'ou' | 'uri' | 'dns' | 'email';

export interface ClientCertificateOptions {
  readonly id: string;
  readonly subject: CertificateName;
  readonly tenant?: CertificateName | undefined;
}

/**
 * Creates the scheme of client certificates. TLS has verified that the client holds the key, and that an authority of
 * the listener issued the certificate. A certificate that failed the verification is refused, and not ignored.
 */
export function createClientCertificate({ id, subject, tenant }: ClientCertificateOptions): Authenticate {
  const known = new WeakMap<TLSSocket, Principal>();
  return ({ socket }) => {
    if (!(socket instanceof TLSSocket)) return undefined;
    const found = known.get(socket);
    if (found !== undefined) return found;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    const problem = problemOf(socket);
    if (problem !== undefined) refuseCredentials(id, 'wrong_certificate', { what: problem });
    const name = (of: CertificateName) =>
      nameIn(certificate, of) ?? refuseCredentials(id, 'missing_claim', { claim: of });
    const principal = createPrincipal({
      scheme: id,
      subject: name(subject),
      ...(tenant !== undefined && { tenant: name(tenant) }),
      claims: { fingerprint: certificate.fingerprint256, serial: certificate.serialNumber },
    });
    known.set(socket, principal);
    return principal;
  };
}

/** Returns why the certificate of a client failed the verification; undefined if it passed. */
export function problemOf({ authorized, authorizationError }: TLSSocket): string | undefined {
  if (authorized) return undefined;
  const error: unknown = authorizationError;
  return String(error instanceof Error ? error.message : error);
}

/** Returns a name of a certificate; undefined if it has none or several, because then it is not clear who it is. */
function nameIn(certificate: X509Certificate, of: CertificateName): string | undefined {
  const names = namesIn(certificate, of);
  return names.length === 1 && names[0] !== '' ? names[0] : undefined;
}

/** Returns the names in one part of a certificate. */
export const namesIn = (certificate: X509Certificate, of: CertificateName): readonly string[] =>
  of === 'cn' || of === 'o' || of === 'ou' ? subjectNames(certificate, of) : alternativeNames(certificate, of);

/** The attributes of the subject are one a line; OpenSSL escapes line breaks within them. */
const subjectNames = ({ subject }: X509Certificate, of: string): readonly string[] =>
  (subject ?? '').split('\n').flatMap(line => {
    const { type, value = '' } = /^(?<type>[A-Za-z]+)=(?<value>.*)$/.exec(line)?.groups ?? {};
    return type?.toLowerCase() === of ? [value] : [];
  });

const prefixes = { uri: 'URI:', dns: 'DNS:', email: 'email:' } as const;

/** Returns the alternative names of one type. Node separates them by `, ` and writes one that contains anything unusual as a JSON string. */
export function alternativeNames(
  { subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>,
  of: keyof typeof prefixes,
): readonly string[] {
  const prefix = prefixes[of];
  const names = subjectAltName.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names
    .map(name => name.trim())
    .filter(name => name.startsWith(prefix))
    .map(name => name.slice(prefix.length))
    .map(name => (name.startsWith('"') ? String(JSON.parse(name)) : name));
}
