import type { FaultCode } from '../core/codes/index.ts';
import type { Fault } from '../core/fault.ts';
import type { ProtectedResources } from '../identity/protected-resources.ts';

/**
 * Returns the value of WWW-Authenticate for a refusal, if it needs one.
 * @param url the path and query of the request
 * @param host its Host header
 */
export type Challenge = (
  fault: Pick<Fault, 'code' | 'details'>,
  url: string | undefined,
  host?: string | undefined,
) => string | undefined;

/** The error of RFC 6750 § 3.1 in a challenge. A request without credentials gets none. */
const errors: Readonly<Partial<Record<FaultCode, readonly [error: string, description: string] | undefined>>> = {
  credentials_refused: ['invalid_token', 'The access token is not accepted'],
  credentials_lapsed: ['invalid_token', 'The access token is no longer accepted'],
  insufficient_scope: ['insufficient_scope', 'The access token has too few scopes'],
};

/**
 * Creates the challenges of a gateway (RFC 9110 § 11.6.1): without one, a client cannot know how to authenticate. With
 * authorization servers, it says where their names are (RFC 9728 § 5.1) and which scopes the request needs. The configuration accepts no scope that
 * would need escaping.
 */
export const createChallenge =
  (resources?: ProtectedResources): Challenge =>
  ({ code, details }, url = '', host) => {
    const error = errors[code];
    if (error === undefined && code !== 'unauthenticated') return undefined;
    const path = url.split('?', 1)[0] ?? '';
    const place = resources?.placeOf(path, host) ?? path;
    const missing = typeof details.scope === 'string' ? details.scope : undefined;
    // A client asks for exactly these scopes, so they include those of other checks.
    const scopes = resources?.requiredScopes(place, missing?.split(' ')).join(' ') ?? missing;
    const parameters = {
      error: error?.[0],
      error_description: resources && error?.[1],
      resource_metadata: resources?.metadataUrl(place),
      scope: scopes === '' ? undefined : scopes,
    };
    const written = Object.entries(parameters).filter(([, value]) => value !== undefined);
    return ['Bearer', written.map(([name, value]) => `${name}="${value}"`).join(', ')].join(' ').trim();
  };
