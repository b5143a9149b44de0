import { bounded } from '../core/bounded.ts';
import type { FaultCode } from '../core/codes/index.ts';
import type { NestedSummary } from '../gateway/call.ts';
import { countedOutcome, type Receipt } from '../hook/receipt.ts';
import { methods } from '../mcp/methods.ts';
import type { RequestLine } from './request-log.ts';

/** One call, for the audit trail: who called what, whether it was allowed, and what plugins did to it. */
export interface AuditedCall {
  readonly event: 'call';
  readonly request: string;
  readonly tenant: string | undefined;
  readonly subject: string | undefined;
  readonly details: object;
}

/** The methods that reach upstreams. */
const audited: ReadonlySet<string> = new Set(
  Object.entries(methods).flatMap(([method, { kind }]) => (kind === 'own' || kind === 'unserved' ? [] : [method])),
);

/** Creates what writes each request that reaches upstreams, and each tool call of a plugin, to the audit trail. */
export function createCallAudit(audit: (call: AuditedCall) => void) {
  return (line: RequestLine, failed: FaultCode | undefined): void => {
    const { request, tenant, subject, method, binding, status, ms, access, calls } = line;
    if (method === undefined || binding === undefined || !audited.has(method)) return;
    const caller = { event: 'call', tenant, subject } as const;
    audit({
      ...{ ...caller, request },
      details: {
        ...{ binding, method, name: line.name, upstream: line.upstream },
        ...{ decision: access?.kind, rule: access?.rule, ...pluginsOf(line.plugins) },
        ...{ outcome: failed ?? 'result', status, ms: Math.round(ms * 100) / 100 },
      },
    });
    for (const call of calls ?? []) audit({ ...caller, request: call.request, details: nested(binding, call) });
  };
}

const nested = (binding: string, { by, name, upstream, access, plugins, outcome, ms = 0 }: NestedSummary) => ({
  ...{ binding, method: 'tools/call', by, name, upstream },
  ...{ decision: access?.kind, rule: access?.rule, ...pluginsOf(plugins) },
  ...{ outcome: outcome ?? 'aborted', ms: Math.round(ms * 100) / 100 },
});

/** Returns what each policy decided, and what plugins did other than to let the call pass unchanged. */
function pluginsOf(receipts: readonly Receipt[] = []) {
  const policies = receipts.filter(({ hook }) => isPolicy(hook)).map(receipt => did(receipt));
  const plugins = receipts.filter(({ hook, outcome }) => !isPolicy(hook) && outcome !== 'proceed').map(did);
  return {
    policies: policies.length === 0 ? undefined : policies,
    plugins: plugins.length === 0 ? undefined : plugins,
  };
}

const isPolicy = (hook: Receipt['hook']) => hook === 'policy_decide' || hook === 'policy_decide_many';

function did(receipt: Receipt) {
  const { plugin, hook } = receipt;
  const outcome = countedOutcome(receipt);
  if (receipt.outcome !== 'block') return { plugin, hook, outcome };
  const { code, reason } = receipt.violation;
  // The reason of any other plugin may quote what it saw.
  return { plugin, hook, outcome, code: bounded(code), ...(isPolicy(hook) && { reason: bounded(reason) }) };
}
