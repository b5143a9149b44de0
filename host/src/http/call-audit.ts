import { boundedText } from '../core/bounded.ts';
import type { FaultCode } from '../core/codes/index.ts';
import { nextMember, quoted } from '../core/json-text.ts';
import type { CallSummary, NestedSummary } from '../gateway/call.ts';
import { countedOutcome, type Receipt } from '../hook/receipt.ts';
import { methods } from '../mcp/methods.ts';
import type { RequestLine } from './request-log.ts';

/** The methods that reach upstreams. */
const audited: ReadonlySet<string> = new Set(
  Object.entries(methods).flatMap(([method, { kind }]) => (kind === 'own' || kind === 'unserved' ? [] : [method])),
);

/**
 * Creates what writes each request that reaches upstreams, and each tool call of a plugin, to the audit trail: who called
 * what, whether it was allowed, and what plugins did to it. `audit` gets the members of an event in JSON.
 */
export function createCallAudit(audit: (members: string) => void) {
  return (line: RequestLine, failed: FaultCode | undefined): void => {
    const { method, binding, status, calls } = line;
    if (method === undefined || binding === undefined || !audited.has(method)) return;
    const made = madeText(line, method, binding, '');
    audit(
      `${eventText(line, line)},"details":{${made},"outcome":"${failed ?? 'result'}","status":${status},${msText(line)}}`,
    );
    for (const call of calls ?? []) audit(`${eventText(line, call)},"details":{${nestedText(call, binding)}}`);
  };
}

/** Texts are put together here and not by `JSON.stringify`, because this runs for each call. */
const eventText = ({ tenant, subject }: RequestLine, { request }: Pick<RequestLine, 'request'>) =>
  `"event":"call"${nextMember('tenant', tenant)}${nextMember('subject', subject)},"request":${quoted(request)}`;

function nestedText(call: NestedSummary, binding: string): string {
  const made = madeText(call, 'tools/call', binding, nextMember('by', call.by));
  return `${made},"outcome":${quoted(call.outcome ?? 'aborted')},${msText(call)}`;
}

/** @param by the member that names the plugin that made the call */
function madeText(
  { name, upstream, access, plugins }: CallSummary,
  method: string,
  binding: string,
  by: string,
): string {
  const target = `"binding":${quoted(binding)},"method":"${method}"${by}${nextMember('name', name)}`;
  const decided = `${nextMember('decision', access?.kind)}${nextMember('rule', access?.rule)}`;
  return `${target}${nextMember('upstream', upstream)}${decided}${plugins === undefined ? '' : pluginsText(plugins)}`;
}

const msText = ({ ms = 0 }: { readonly ms?: number }) => `"ms":${Math.round(ms * 100) / 100}`;

/** Formats what each policy decided, and what plugins did other than to let the call pass unchanged. */
function pluginsText(receipts: readonly Receipt[]): string {
  let policies = '';
  let plugins = '';
  for (const receipt of receipts) {
    if (isPolicy(receipt.hook)) policies += `,${didText(receipt)}`;
    else if (receipt.outcome !== 'proceed') plugins += `,${didText(receipt)}`;
  }
  const decided = policies === '' ? '' : `,"policies":[${policies.slice(1)}]`;
  return plugins === '' ? decided : `${decided},"plugins":[${plugins.slice(1)}]`;
}

const isPolicy = (hook: Receipt['hook']) => hook === 'policy_decide' || hook === 'policy_decide_many';

function didText(receipt: Receipt): string {
  const { plugin, hook } = receipt;
  const did = `{"plugin":${quoted(plugin)},"hook":"${hook}","outcome":"${countedOutcome(receipt)}"`;
  if (receipt.outcome !== 'block') return `${did}${nextMember('denied', receipt.denied)}}`;
  const { code, reason } = receipt.violation;
  // The reason of any other plugin may quote what it saw.
  const why = isPolicy(hook) ? nextMember('reason', boundedText(reason)) : '';
  return `${did}${nextMember('denied', receipt.denied)}${nextMember('code', boundedText(code))}${why}}`;
}
