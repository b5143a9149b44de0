import type { CodeFamily } from './code.ts';

/** Credentials that the gateway gets for upstreams. */
export const upstreamAuthCodes = {
  upstream_auth_failed: {
    exit: 5,
    says: 'The gateway could not get credentials for the upstream.',
    todo: 'Correct `auth` of the upstream, or its registration with the authorization server.',
  },
  upstream_auth_unavailable: {
    exit: 5,
    says: 'The authorization server of the upstream cannot be reached, or its response cannot be used.',
    todo: 'Check the server and the URL in `auth` of the upstream. The next request tries again.',
  },
  upstream_auth_caller: {
    says: 'The upstream needs credentials of its own for each user, and this caller cannot get any.',
    todo: 'Sign in to the gateway with an access token. Anonymous callers and API keys cannot use this upstream.',
  },
  upstream_auth_subject: {
    says: 'The authorization server answered with the token of another user, which was not used.',
    todo: 'Report it to the operator of the authorization server. If both users are the same person, set `same_claim` of the upstream.',
  },
  upstream_scope: {
    says: 'The upstream requires permissions that the token for it does not have.',
    todo: 'Add the scopes that the log line of the request names to `auth` of the upstream, and grant them to the user.',
  },
} as const satisfies CodeFamily;
