import type { CodeFamily } from './code.ts';

/** Refusals that depend on who is calling. */
export const identityCodes = {
  unauthenticated: {
    http: 401,
    says: 'The request has no credentials, and this gateway does not serve anonymous callers.',
    todo: 'Send the credentials of one of the schemes in the WWW-Authenticate header of the answer.',
  },
  credentials_refused: {
    http: 401,
    says: 'The credentials of the request are not accepted.',
    todo: "Get new credentials and try again. The reason is in the gateway's log, under the id of the request.",
  },
  credentials_lapsed: {
    http: 401,
    says: 'The credentials of the request are no longer accepted, so it was cancelled while it was running.',
    todo: 'Get new credentials. The upstream may have executed the request, so send it again only if that does no harm.',
  },
  connection_outdated: {
    http: 421,
    says: 'The certificates of clients must be verified again, because their authorities or revocations were replaced.',
    todo: 'Send the request again over a new connection; the gateway closes this one.',
  },
  quota_exceeded: {
    http: 429,
    says: 'The caller or its tenant has reached a limit.',
    todo: 'Try again after the time in Retry-After, or raise the setting that `setting` names.',
  },
  keys_unusable: {
    exit: 3,
    says: 'The file of API keys cannot be used.',
    todo: 'Correct the reported line or restore the file; to begin with a new one, run `sallyport key new`.',
  },
  access_denied: {
    http: 403,
    says: 'No rule of this binding allows the caller to do this.',
    todo: 'Use what the lists of the binding show. To allow it, the operator adds a rule to `allow` of the binding.',
  },
  insufficient_scope: {
    http: 403,
    says: 'The caller lacks scopes that the request requires.',
    todo: 'Get credentials with the scopes in `scope`, and send the request again.',
  },
  authentication_throttled: {
    http: 429,
    says: 'Too many credentials from this address were not accepted, so others are not checked for a moment.',
    todo: 'Wait for the time in Retry-After. Credentials that were accepted before still are.',
  },
  authentication_blocked: {
    http: 403,
    says: 'A plugin of the gateway refuses the request, before or after its caller was authenticated.',
    todo: 'Follow the reason of the plugin, in `violation`.',
  },
  identity_unavailable: {
    http: 503,
    says: 'The credentials of the request could not be checked: an authorization server cannot be reached, or a plugin failed.',
    todo: "Try again later. The reason is in the gateway's log, under the id of the request.",
  },
} as const satisfies CodeFamily;
