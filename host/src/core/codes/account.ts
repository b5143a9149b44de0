import type { CodeFamily } from './code.ts';

/** Accounts that users connect at upstreams. */
export const accountCodes = {
  upstream_account_needed: {
    says: 'The upstream needs an account of the user, who has not connected one.',
    todo: 'Open the link in a browser, sign in as the user of this client, and repeat the request.',
  },
  connect_link_unknown: {
    http: 404,
    says: 'This link is not valid. It may have been used, or have expired.',
    todo: 'Repeat the request in your client, which gets another link.',
  },
  connect_other_user: {
    http: 403,
    says: 'This link was made for another user than the one who is signed in.',
    todo: 'If someone else sent it to you, do not use it. If it is yours, open it again, and sign in as the user of your client.',
  },
  connect_failed: {
    http: 400,
    says: 'The account could not be connected.',
    todo: 'Open the link again in one browser. If it is no longer valid, repeat the request in your client.',
  },
  accounts_unusable: {
    exit: 3,
    says: 'The accounts of users cannot be kept.',
    todo: 'Correct `accounts` in sallyport.yaml, or the secrets that it names.',
  },
} as const satisfies CodeFamily;
