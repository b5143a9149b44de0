import { isLoopback } from '../../core/loopback.ts';
import { Egress } from '../../egress/egress.ts';
import { egressGrantSchema } from '../../egress/egress-grant.ts';
import type { Patient } from '../patient.ts';

/** Names an authorization server, and the setting that has it. */
export interface Issuer {
  readonly issuer: string;
  readonly at: string;
  /** The networks that the gateway reaches for it although they are not public. */
  readonly allowPrivate: readonly string[];
}

/** What an authorization server answered. */
export interface Answered {
  readonly problem?: string;
  /** Its clock, from the header Date, in milliseconds since the epoch. */
  readonly date?: number;
}

const limits = { max_bytes: 256 * 1024, max_redirects: 0, timeout_ms: 10_000 };

const thisMachine = ['127.0.0.0/8', '::1/128'];
const everywhere = ['0.0.0.0/0', '::/0'];

/** Lists the authorization servers of callers and of upstreams whose metadata the gateway reads. */
export function issuersOf({ config: { identity, upstreams } }: Patient): readonly Issuer[] {
  const schemes = typeof identity === 'object' ? identity.schemes : [];
  const ofCallers = schemes.flatMap(({ id, oauth }): readonly Issuer[] => {
    if (oauth === undefined || oauth.jwks_url !== undefined) return [];
    const { issuer, allow_private: stated } = oauth;
    const { protocol, hostname } = new URL(issuer);
    const allowPrivate = protocol === 'http:' && isLoopback(hostname) ? [...stated, ...thisMachine] : stated;
    return [{ issuer, at: `identity.schemes.${id}.oauth`, allowPrivate }];
  });
  const ofUpstreams = upstreams.flatMap(({ id, auth }) => {
    const { client_credentials: own, token_exchange: exchange, authorization_code: code } = auth ?? {};
    return [own, exchange, exchange?.then_jwt_bearer, code].flatMap(each =>
      each?.issuer === undefined ? [] : [{ issuer: each.issuer, at: `upstreams.${id}.auth`, allowPrivate: everywhere }],
    );
  });
  const keyOf = ({ issuer, allowPrivate }: Issuer) => [issuer, ...allowPrivate].join(' ');
  return [...new Map([...ofCallers, ...ofUpstreams].map(each => [keyOf(each), each])).values()];
}

/** Where an issuer publishes its metadata (RFC 8414 § 3.1, OpenID Connect Discovery § 4). */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    ...(path === '' ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/** Reads the metadata of an issuer, with the limits of the gateway. Never fails: what is wrong is the `problem`. */
export async function readMetadata({ issuer, allowPrivate }: Issuer, signal: AbortSignal): Promise<Answered> {
  const grant = { ...limits, allow: [new URL(issuer).origin], allow_private: [...allowPrivate] };
  await using egress = new Egress(egressGrantSchema.parse(grant), { plugin: 'doctor' });
  let answered: Answered = { problem: 'it does not answer' };
  let other: Answered | undefined;
  for (const url of metadataUrls(issuer)) {
    const headers = [['accept', 'application/json']] as const;
    const answer = await egress.request({ method: 'GET', url, headers, body: undefined }, { signal });
    if ('err' in answer) {
      answered = { ...answered, problem: reasonOf(answer.err) };
      continue;
    }
    const { status, headers: received, body } = answer.ok;
    const date = Date.parse(received.find(([name]) => name.toLowerCase() === 'date')?.[1] ?? '');
    const clock = Number.isNaN(date) ? {} : { date };
    answered = { problem: `${new URL(url).pathname} is answered with status ${status}`, ...clock };
    if (status !== 200) continue;
    const stated = issuerIn(body);
    if (stated === issuer) return clock;
    other ??= { problem: `its metadata names the issuer ${JSON.stringify(stated)?.slice(0, 200)}`, ...clock };
  }
  return other ?? answered;
}

const reasonOf = ({ tag, val }: { readonly tag: string; readonly val?: string }): string => val ?? tag;

/** Returns the issuer that metadata names; undefined if it is not JSON. */
function issuerIn(body: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as { readonly issuer?: unknown } | null)?.issuer;
  } catch {
    return undefined;
  }
}
