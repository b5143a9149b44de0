import { fail } from '../../core/fault.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './find-login.ts';
import type { AddressPolicy } from './registry-address.ts';
import { basic, requestToken, trustedRealm } from './token.ts';

/** Authenticates to one registry. Logins are looked up only when the registry asks. */
export interface Authorizer {
  /** Where the last used login was found, for messages; undefined if none was used. */
  readonly from: string | undefined;
  /** Returns the header that an earlier challenge led to, for this scope. */
  header(scope: string): string | undefined;
  /**
   * Returns another login than the refused one, if there is one: passwords that expire, such as those of Amazon ECR,
   * are refused with 403 and without a challenge.
   * @throws Fault of the lookup of credentials
   */
  renew(scope: string, refused: string): Promise<string | undefined>;
  /**
   * Answers the `WWW-Authenticate` field of a 401.
   * @throws Transient; Fault `challenge_invalid`, `token_realm_untrusted`, `token_refused`, `registry_denied`, and
   * those of the lookup of credentials
   */
  answer(field: string | null, scope: string, reference: string, signal: AbortSignal): Promise<string>;
}

export interface AuthorizerOptions extends AddressPolicy {
  /** The registry as the operator wrote it, for the lookup. */
  readonly registry: string;
  /** The repository, for logins that are kept for a part of the registry. */
  readonly repository?: string;
  readonly url: URL;
  readonly credentials: Credentials;
}

export function createAuthorizer({ registry, repository, url, credentials, ...policy }: AuthorizerOptions): Authorizer {
  const known = new Map<string, { readonly header: string; readonly staleAt: number }>();
  const remember = (scope: string, header: string, staleAt = Number.POSITIVE_INFINITY) => {
    known.set(scope, { header, staleAt });
    return header;
  };

  let from: string | undefined;
  const lookUp = async () => {
    const found = await credentials(registry, repository);
    from = found?.from;
    return found;
  };

  return {
    get from() {
      return from;
    },

    header(scope) {
      const entry = known.get(scope);
      return entry && entry.staleAt > Date.now() ? entry.header : undefined;
    },

    async renew(scope, refused) {
      if (!refused.startsWith('Basic ')) return undefined;
      const credential = await lookUp();
      const header = credential?.kind === 'basic' ? basic(credential.username, credential.password) : refused;
      return header === refused ? undefined : remember(scope, header);
    },

    async answer(field, scope, reference, signal) {
      known.delete(scope);
      const challenges = parseChallenges(field ?? '');
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
      if (bearer) {
        trustedRealm(bearer, url, policy, reference); // Before any login is looked up.
        const credential = await lookUp();
        if (credential?.kind === 'registry') return remember(scope, `Bearer ${credential.token}`);
        const request = { challenge: bearer, registry: url, scope, credential, reference };
        const { token, staleAt } = await requestToken(request, policy, signal);
        return remember(scope, `Bearer ${token}`, staleAt);
      }
      if (!challenges.some(({ scheme }) => scheme === 'basic')) {
        return fail('challenge_invalid', { reference, challenge: field ?? 'none' });
      }
      const credential = await lookUp();
      if (credential?.kind === 'basic') return remember(scope, basic(credential.username, credential.password));
      return fail('registry_denied', { reference, registry, hint: `Log in first: sallyport login ${registry}` });
    },
  };
}
