import { isJsonObject, type JsonObject } from '../core/json.ts';
import { failureData } from '../hook/block-data.ts';
import type { AfterOptions, AfterOutcome, BeforeOutcome, HookContext } from '../hook/hook-chain.ts';
import { withoutLookalikes } from '../hook/view/members.ts';
import { type Answer, errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import { type CallMethod, type HookedMethod, targetOf } from '../mcp/methods.ts';
import { outputSchemaOf } from '../upstream/tool-output-schema.ts';
import type { RequestOptions } from '../upstream/upstream.ts';
import { checkSent } from './authorize.ts';
import type { Member, Route } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { pageOf, urisIn } from './handed-out-uris.ts';
import { exposedName } from './name-routing.ts';
import { NestedTools } from './nested-calls.ts';
import { type FilledHeaders, hidden, UpstreamHeaders, withoutSecrets } from './upstream-headers.ts';

/** Sends a call to the upstream that has its target, through the hooks of the binding's plugins. */
export function callMember(call: Call, member: Member, method: CallMethod, params: JsonObject): Promise<Outcome> {
  const { chain, members } = call.route;
  call.record.enterUpstream(member.upstream.id);
  const isHooked = chain.handles('before', method) || chain.handles('after', method);
  const answered =
    isHooked || chain.policy !== undefined || chain.isShadowed('before', method) || chain.isShadowed('after', method)
      ? throughHooks(call, member, method, params)
      : send(call, member, method, params, sendOptions(call, member, method, params));
  if (members.length === 1) return answered;
  return answered.then(outcome => {
    noteOrigins(call.route, member, method, params, outcome);
    return outcome;
  });
}

/** Sends a call through the before hooks, the policies, its upstream and the after hooks. Each call of a plugin leaves a receipt. */
async function throughHooks(call: Call, member: Member, method: CallMethod, params: JsonObject): Promise<Outcome> {
  const context = hookContext(call, member);
  context.target = targetOf(method, params);

  const before = await beforeHooks(call, member, context, method, params);
  if (before.kind === 'block') return before;
  const sent = before.params;
  context.target = targetOf(method, sent);
  // Also what a plugin answers instead of the upstream is decided about: it may have been meant for another caller.
  const denied = await call.route.chain.policy?.decide(context, method, sent, call.signal);
  if (denied !== undefined) return { kind: 'block', data: denied };

  const answer = before.kind === 'respond' ? resultAnswer(before.result) : await ask(call, member, method, before);

  return afterHooks(call, context, method, answer, { member, sent, isByPlugin: before.kind === 'respond' });
}

/** The request that is sent to the upstream. */
interface Sent {
  readonly kind: 'proceed';
  readonly params: JsonObject;
  readonly filled?: FilledHeaders | undefined;
}

async function beforeHooks(
  call: Call,
  member: Member,
  context: HookContext,
  method: CallMethod,
  params: JsonObject,
): Promise<Exclude<BeforeOutcome, { kind: 'proceed' }> | Sent> {
  const { route, signal } = call;
  const { url, credentialHeader } = member.upstream;
  if (!route.chain.handles('before', method, context)) {
    if (route.chain.isShadowed('before', method, context)) {
      context.upstreamRequest = url && { setHeader() {} };
      route.chain.shadowBefore(context, method, params);
      context.upstreamRequest = undefined;
    }
    return { kind: 'proceed', params };
  }
  const headers = url && new UpstreamHeaders(credentialHeader);
  context.upstreamRequest = headers;
  const outcome = await route.chain.before(context, method, params, signal);
  context.upstreamRequest = undefined;
  if (outcome.kind === 'block') return outcome;
  checkChanged(call, member, method, params, outcome.params);
  if (outcome.kind === 'respond') return outcome;
  const filled = url && headers?.fill(url, context.receipts.calls);
  // A request is sent with all headers that its plugins set, or not at all.
  if (filled !== undefined && 'refusedOf' in filled) {
    return { kind: 'block', data: failureData(filled.refusedOf, 'unavailable') };
  }
  return { ...outcome, filled };
}

/** Checks the target that is sent, or answered by a plugin, if a plugin has changed it. */
function checkChanged(call: Call, member: Member, method: CallMethod, params: JsonObject, sent: JsonObject): void {
  const target = targetOf(method, sent);
  if (target === targetOf(method, params)) return;
  checkSent(call, member, method, String(target));
  if (method === 'tools/call') call.nested?.admit(exposedName(call.route, member, String(target)));
}

/** Calls the upstream, with the headers that plugins set for this request. */
async function ask(call: Call, member: Member, method: CallMethod, { params, filled }: Sent): Promise<Answer> {
  const options = sendOptions(call, member, method, params);
  if (filled === undefined) return send(call, member, method, params, options);
  const { headers, hide, url: headersFor } = filled;
  const { onNotification } = options;
  const hiding = hide &&
    onNotification && {
      onNotification: ({ method: about, params: said }: Notification) =>
        onNotification({ method: about, ...(said && { params: hidden(said, hide) }) }),
    };
  const answer = await send(call, member, method, params, { ...options, ...hiding, headers, headersFor });
  return withoutSecrets(answer, filled);
}

/** Sends a request of a call to an upstream. */
export const send = (
  { trace }: Call,
  { upstream }: Pick<Member, 'upstream'>,
  method: string,
  params: JsonObject,
  options: RequestOptions,
): Promise<Answer> =>
  trace === undefined ? upstream.request(method, params, options) : trace.send(upstream, method, params, options);

/** The call that an answer belongs to. */
interface AnsweredCall {
  readonly member: Member;
  readonly sent: JsonObject;
  /** Whether a plugin answered instead of the upstream; such an answer is always checked against the output schema. */
  readonly isByPlugin: boolean;
}

/**
 * Passes an answer through the after hooks. An error of the upstream is not a result and skips them.
 *
 * A result that plugins have seen is serialized again, because the upstream's text could have duplicate members, or
 * members in another case, which some clients would read instead.
 */
export async function afterHooks(
  { route, signal }: Call,
  context: HookContext,
  method: HookedMethod,
  answer: Answer,
  to?: AnsweredCall,
): Promise<Outcome> {
  if (!(to?.isByPlugin || route.chain.handles('after', method, context))) {
    const isShadowed = answer.kind !== 'error' && route.chain.isShadowed('after', method, context);
    if (isShadowed) route.chain.shadowAfter(context, method, () => withoutLookalikes(answer.result));
    return answer;
  }
  if (answer.kind === 'error') return errorAnswer(answer.error);
  const shown = withoutLookalikes(answer.result);
  const options: AfterOptions = { signal, ...toolOf(method, to) };
  const after: AfterOutcome = await route.chain.after(context, method, shown, options);
  return after.kind === 'block' ? after : resultAnswer(after.result);
}

const callTool = (nested: Call, owner: Member, params: JsonObject) => callMember(nested, owner, 'tools/call', params);

/** Creates the hook context of a call to this upstream. */
export function hookContext(call: Call, member: Member): HookContext {
  const { upstream } = member;
  const { tenant, subject, scopes, claims } = call.principal;
  return {
    requestId: call.requestId,
    binding: call.route.id,
    upstream: upstream.id,
    ...(tenant !== undefined && { tenant }),
    ...(subject !== undefined && { subject }),
    ...(call.route.chain.policy !== undefined && { scopes }),
    caller: subject === undefined ? { headers: call.headers } : { headers: call.headers, claims },
    ...(call.route.chain.isRecorded && { listedTool: name => listedTool(member, name) }),
    tools: new NestedTools(call, callTool),
    receipts: call.record.receipts,
    ...(call.trace !== undefined && { trace: call.trace.ids }),
  };
}

/** Returns a tool as its upstream listed it. Where it is not known, the list is requested for later calls. */
function listedTool({ lists }: Member, name: string): JsonObject | undefined {
  const tools = lists['tools/list'];
  const tool = tools.lastItem(name);
  if (tool === undefined) tools.items().catch(() => {});
  return tool;
}

function toolOf(method: HookedMethod, to: AnsweredCall | undefined): Pick<AfterOptions, 'tool' | 'outputSchema'> {
  if (method !== 'tools/call' || to === undefined) return {};
  const tool = String(to.sent.name);
  return { tool, outputSchema: again => outputSchemaOf(to.member.lists['tools/list'], tool, again) };
}

/** Remembers which upstream handed out resources, so that the client can read them there. */
function noteOrigins(
  { origins }: Route,
  { upstream, lists }: Member,
  method: string,
  params: JsonObject,
  outcome: Outcome,
) {
  if (outcome.kind !== 'result') return;
  for (const uri of urisIn(outcome.result)) origins.saw(uri, upstream.id);
  const tool = method === 'tools/call' ? lists['tools/list'].lastItem(String(params.name)) : undefined;
  const page = tool && pageOf(tool);
  if (page !== undefined) origins.saw(page, upstream.id);
}

/** Returns the options of a call. Where there are several instances, they say whether another one may execute it again. */
function sendOptions(call: Call, member: Member, method: CallMethod, params: JsonObject): RequestOptions {
  const options = requestOptions(call);
  if (member.upstream.failsOver !== true || method !== 'tools/call') return options;
  return { ...options, isRepeatable: () => isRepeatable(member, String(params.name)) };
}

/** Whether a tool says that executing a call of it twice does no harm. */
async function isRepeatable({ lists }: Member, tool: string): Promise<boolean> {
  const tools = lists['tools/list'];
  if (tools.lastItem(tool) === undefined) await tools.items().catch(() => {});
  const annotations = tools.lastItem(tool)?.annotations;
  if (!isJsonObject(annotations)) return false;
  return annotations.readOnlyHint === true || annotations.idempotentHint === true;
}

export const requestOptions = ({
  signal,
  onNotification,
  timeoutMs,
  timeoutSetting,
  principal,
}: Call): RequestOptions => ({
  signal,
  onNotification,
  timeoutMs,
  timeoutSetting,
  caller: principal,
});
