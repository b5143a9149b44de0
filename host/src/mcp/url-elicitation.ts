import { Fault } from '../core/fault.ts';

/**
 * A request to the user to open a page in a browser (MCP 2025-11-25, Elicitation § URL Mode), without which the request
 * of the client cannot be served.
 */
export interface UrlElicitation {
  /** Identifies it for the client. It is not part of the URL. */
  readonly id: string;
  readonly url: string;
  readonly message: string;
  /** Resolves to whether the user did what the page is for, before it expired. */
  readonly completed: Promise<boolean>;
}

/** The cause of a fault that the user can remove by opening a page. */
export class UrlElicitationRequired extends Error {
  override readonly name = 'UrlElicitationRequired';
  readonly elicitation: UrlElicitation;

  constructor(elicitation: UrlElicitation) {
    super('the user has to open a page first');
    this.elicitation = elicitation;
  }
}

/** Returns the elicitation that a fault asks for. */
export const elicitationOf = (thrown: unknown): UrlElicitation | undefined =>
  thrown instanceof Fault && thrown.cause instanceof UrlElicitationRequired ? thrown.cause.elicitation : undefined;
