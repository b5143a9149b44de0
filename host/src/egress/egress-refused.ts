import type { RefusalReason } from '../contract/hook-call.ts';

/** A request that the grant does not allow. It is a class, because it passes through the HTTP client. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
  readonly reason: RefusalReason;

  constructor(message: string, reason: RefusalReason = 'not_allowed') {
    super(message);
    this.reason = reason;
  }
}

/** The message omits the address: what a name resolves to in the operator's network is not for the guest to learn. */
export const notPublic = (name: string): string =>
  `${name} resolves to an address that is not public and not in allow_private`;
