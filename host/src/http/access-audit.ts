import { bounded } from '../core/bounded.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { Decision } from '../gateway/access.ts';
import type { NestedSummary } from '../gateway/call.ts';
import type { RequestLine } from './request-log.ts';

/** A request, or a plugin's tool call, that no rule of its binding allows, or that a policy denies, for the audit trail. */
export interface RefusedAccess {
  readonly event: 'access.refused' | 'policy.denied';
  readonly request: string;
  readonly tenant: string | undefined;
  readonly subject: string | undefined;
  readonly details: object;
  readonly suppressed?: number;
}

/**
 * Creates what writes requests that rules or policies refuse to the audit trail: a few of each caller and decision in a period, and then the
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
  const writeDenied = (
    { tenant, subject, binding, method }: RequestLine,
    { blocked, plugins, request, name }: Pick<NestedSummary, 'blocked' | 'plugins' | 'request' | 'name'>,
    by?: string,
  ) => {
    if (blocked === undefined) return;
    const { plugin, code, reason } = blocked;
    if (plugins?.some(receipt => receipt.plugin === plugin && receipt.hook === 'policy_decide') !== true) return;
    const why = { plugin, code: bounded(code), reason: bounded(reason) };
    const details = { ...why, binding, method: by === undefined ? method : 'tools/call', name, by };
    const kind = JSON.stringify([binding, plugin, code, tenant, subject]);
    refusals.write(kind, { event: 'policy.denied', request, tenant, subject, details });
  };
  return line => {
    write(line, line);
    writeDenied(line, line);
    for (const call of line.calls ?? []) {
      write(line, call, call.by);
      writeDenied(line, call, call.by);
    }
  };
}
