import type { CodeFamily } from './code.ts';

/** Refusals of the management API. */
export const adminCodes = {
  admin_token_unusable: {
    exit: 3,
    says: 'The token of the management API cannot be used.',
    todo: 'Put at least 32 characters that cannot be guessed into the secret, of letters, digits and -._~+/: `openssl rand -hex 32`.',
  },
  credentials_in_url: {
    http: 400,
    says: 'The URL of the request contains credentials, so the request was not read.',
    todo: 'Send them as `Authorization: Bearer …`. URLs end in logs and histories: replace these credentials.',
  },
  admin_input_invalid: {
    http: 400,
    says: 'The query or the body of the request is invalid.',
    todo: 'Correct every place in `problems`. GET /admin/openapi.json describes each operation.',
  },
  admin_target_unknown: {
    http: 404,
    says: 'The gateway has nothing with this id.',
    todo: 'Use an id of the list that the hint names.',
  },
  reload_unavailable: {
    http: 409,
    says: 'The gateway has no file to read its configuration from again.',
    todo: 'A program that embeds the gateway reloads it itself, with `host.reload`.',
  },
  admin_unreachable: {
    exit: 1,
    says: 'The management API of the gateway cannot be reached.',
    todo: 'Check the URL, and that the gateway runs with a section `admin`.',
  },
  admin_refused: {
    exit: 1,
    says: 'The gateway refused the request with a code that this version does not know.',
    todo: 'Use the version of `sallyport` that the gateway has, which `reported` and its documents explain.',
  },
} as const satisfies CodeFamily;
