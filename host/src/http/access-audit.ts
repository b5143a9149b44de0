import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { Decision } from '../gateway/access.ts';
import type { RequestLine } from './request-log.ts';

/** A request, or a plugin's tool call, that no rule of its binding allows, for the audit trail. */
export interface RefusedAccess {
  readonly event: 'access.refused';
  readonly request: string;
  readonly tenant: string | undefined;
  readonly subject: string | undefined;
  readonly details: object;
  readonly suppressed?: number;
}

/**
 * Creates what writes refused requests to the audit trail: a few of each caller and decision in a period, and then the
 * number of the others.
 */
export function createAccessAudit(audit: (refusal: RefusedAccess) => void): (line: RequestLine) => void {
  const refusals = new RepeatedWarning({ warn: line => audit(line as RefusedAccess) }, '');
  const write = (
    { tenant, subject, binding, method }: RequestLine,
    { access, request, name }: { readonly access?: Decision | undefined; request: string; name?: string | undefined },
    by?: string,
  ) => {
    if (access === undefined || access.kind === 'allow') return;
    const { kind: decision, rule } = access;
    const details = { decision, rule, binding, method: by === undefined ? method : 'tools/call', name, by };
    const kind = JSON.stringify([binding, decision, tenant, subject]);
    refusals.write(kind, { event: 'access.refused', request, tenant, subject, details });
  };
  return line => {
    write(line, line);
    for (const call of line.calls ?? []) write(line, call, call.by);
  };
}
