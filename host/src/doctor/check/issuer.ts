import type { Patient } from '../patient.ts';

/** Names an authorization server, and the setting that has it. */
export interface Issuer {
  readonly issuer: string;
  readonly at: string;
}

/** What an authorization server answered. */
export interface Answered {
  readonly problem?: string;
  /** Its clock, from the header Date, in milliseconds since the epoch. */
  readonly date?: number;
}

const longestMs = 10_000;

/** Lists the authorization servers of callers and of upstreams. */
export function issuersOf({ config: { identity, upstreams } }: Patient): readonly Issuer[] {
  const schemes = typeof identity === 'object' ? identity.schemes : [];
  const ofCallers = schemes.flatMap(({ id, oauth }) =>
    oauth === undefined ? [] : [{ issuer: oauth.issuer, at: `identity.schemes.${id}.oauth` }],
  );
  const ofUpstreams = upstreams.flatMap(({ id, auth }) => {
    const { client_credentials: own, token_exchange: exchange, authorization_code: code } = auth ?? {};
    return [own, exchange, exchange?.then_jwt_bearer, code].flatMap(each =>
      each?.issuer === undefined ? [] : [{ issuer: each.issuer, at: `upstreams.${id}.auth` }],
    );
  });
  return [...new Map([...ofCallers, ...ofUpstreams].map(each => [each.issuer, each])).values()];
}

/** Where an issuer publishes its metadata (RFC 8414 § 3.1, OpenID Connect Discovery § 4). */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/** Reads the metadata of an issuer. Never fails: what is wrong is the `problem`. */
export async function readMetadata(issuer: string, signal: AbortSignal): Promise<Answered> {
  let answered: Answered = { problem: 'it does not answer' };
  for (const url of metadataUrls(issuer)) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
        redirect: 'error',
      });
      const date = Date.parse(response.headers.get('date') ?? '');
      const clock = Number.isNaN(date) ? {} : { date };
      const stated = response.ok ? ((await response.json()) as { readonly issuer?: unknown }).issuer : undefined;
      if (stated === issuer) return clock;
      const problem = response.ok
        ? `its metadata names the issuer ${JSON.stringify(stated)?.slice(0, 200)}`
        : `${new URL(url).pathname} is answered with status ${response.status}`;
      answered = { problem, ...clock };
    } catch (error) {
      answered = { ...answered, problem: reasonOf(error) };
    }
  }
  return answered;
}

/** Returns the system's reason, which `fetch` puts into the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
