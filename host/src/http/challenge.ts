import type { FaultCode } from '../core/codes/index.ts';

/** Returns the value of WWW-Authenticate for a refusal, if it needs one. */
export type Challenge = (code: FaultCode, binding: string | undefined) => string | undefined;

/** The error of RFC 6750 § 3.1 in a challenge. A request without credentials gets none. */
const errors: Readonly<Partial<Record<FaultCode, string>>> = {
  unauthenticated: '',
  credentials_refused: ' error="invalid_token"',
};

/** Creates the challenges of a gateway (RFC 9110 § 11.6.1): without one, a client cannot know how to authenticate. */
export const createChallenge = (): Challenge => code => {
  const error = errors[code];
  return error === undefined ? undefined : `Bearer${error}`;
};
