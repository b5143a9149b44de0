/// <reference path="./contract.d.ts" />

import type { Violation } from 'sallyport:plugin/types@0.1.0';

/** What a violation says beside its code and its reason. */
export interface ViolationDetails {
  /** What the caller can do about it. */
  readonly description?: string;
  /** An object for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Creates the reason that the client receives. */
export function violation(code: string, reason: string, { description = '', details }: ViolationDetails): Violation {
  return { code, reason, description, ...(details && { details: JSON.stringify(details) }) };
}
