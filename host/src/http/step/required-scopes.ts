import { fail } from '../../core/fault.ts';
import type { Arrival, Step } from './step.ts';

/**
 * Creates the step that refuses callers without the scopes that a binding needs for every request.
 * @param scopes the scopes by the id of the binding
 */
export const createRequiredScopes = (scopes: ReadonlyMap<string, readonly string[]>): Step => ({
  name: 'required-scopes',
  pass: ({ principal, binding = '' }) => check(principal, scopes.get(binding)),
});

/** @throws Fault `insufficient_scope`, or `unauthenticated` for an anonymous caller, who has none */
function check({ subject, scopes, scheme }: Arrival['principal'], required: readonly string[] | undefined): void {
  if (required === undefined || required.every(scope => scopes.includes(scope))) return;
  if (subject === undefined) fail('unauthenticated');
  fail('insufficient_scope', { scheme, reason: 'missing_scope', scope: required.join(' ') });
}
