import type { JsonObject } from '../core/json.ts';
import { failureData } from '../hook/block-data.ts';
import type { AfterOptions, BlockData, HookContext } from '../hook/hook-chain.ts';
import { withoutLookalikes } from '../hook/view/known-members.ts';
import { type Answer, errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import type { CallMethod, HookedMethod } from '../mcp/methods.ts';
import { outputSchemaOf } from '../upstream/tool-catalog.ts';
import type { RequestOptions } from '../upstream/upstream.ts';
import type { Member, Route } from './binding.ts';
import { blockedAnswer } from './blocked.ts';
import type { Call } from './call.ts';
import { exposedName } from './name-routing.ts';
import { createTools } from './nested-calls.ts';
import { pageOf, urisIn } from './resource-origins.ts';
import { type FilledHeaders, hidden, UpstreamHeaders, withoutSecrets } from './upstream-headers.ts';

/** Before hooks, upstream, after hooks. What no plugin cares for is neither converted nor copied. */
export function hooked(call: Call, member: Member, method: CallMethod, params: JsonObject): Promise<Answer> {
  const answer = throughHooks(call, member, method, params);
  return call.route.members.length === 1 ? answer : noteOrigins(call.route, member, method, params, answer);
}

/** What a client is handed by one of several upstreams, it may read there. */
async function noteOrigins(
  { origins }: Route,
  { upstream, lists }: Member,
  method: string,
  params: JsonObject,
  answering: Promise<Answer>,
): Promise<Answer> {
  const answer = await answering;
  if (answer.error) return answer;
  for (const uri of urisIn(answer.result)) origins.saw(uri, upstream.id);
  const tool = method === 'tools/call' ? lists['tools/list'].lastItem(String(params.name)) : undefined;
  const page = tool && pageOf(tool);
  if (page !== undefined) origins.saw(page, upstream.id);
  return answer;
}

async function throughHooks(call: Call, member: Member, method: CallMethod, params: JsonObject): Promise<Answer> {
  const { chain } = call.route;
  const on = hookContext(call, member);
  let sent = params;
  let responded: Answer | undefined;
  let filled: FilledHeaders | undefined;
  if (chain.handles('before', method)) {
    const { url } = member.upstream;
    const headers = url && new UpstreamHeaders();
    on.upstreamRequest = headers;
    const outcome = await chain.before(on, method, params, call.signal);
    on.upstreamRequest = undefined;
    if (outcome.kind === 'block') return blocked(call, outcome.data);
    if (outcome.kind === 'respond') responded = resultAnswer(outcome.result);
    else sent = outcome.params;
    // What is sent is what must be allowed, and a plugin on the way may have renamed it.
    if (sent.name !== params.name) call.nested?.admit(exposedName(call.route, member, String(sent.name)));
    const toSend = responded === undefined && url ? headers?.fill(url, on.reports) : undefined;
    // A request goes out with all headers that its plugins set, or not at all.
    if (toSend !== undefined && 'refusedOf' in toSend)
      return blocked(call, failureData(toSend.refusedOf, 'unavailable'));
    filled = toSend;
  }
  const answer: Answer = responded ?? (await ask(call, member, method, sent, filled));
  // What a plugin answered in place of the upstream is held to the tool's output schema, also when no hook follows.
  if (!(responded || chain.handles('after', method))) return answer;
  if (answer.error) return errorAnswer(answer.error);
  if (method !== 'tools/call') return checked(call, on, method, answer);
  const tool = String(sent.name);
  const outputSchema = (again: boolean) => outputSchemaOf(member.lists['tools/list'], tool, again);
  return checked(call, on, method, answer, { tool, outputSchema });
}

/** Asks the upstream, with the headers that plugins set for this one request. */
async function ask(
  call: Call,
  { upstream }: Member,
  method: CallMethod,
  params: JsonObject,
  filled: FilledHeaders | undefined,
): Promise<Answer> {
  const options = requestOptions(call);
  if (filled === undefined) return upstream.request(method, params, options);
  const { headers, hide } = filled;
  const { onNotification } = options;
  const hiding = hide &&
    onNotification && {
      onNotification: ({ method: about, params: said }: Notification) =>
        onNotification({ method: about, ...(said && { params: hidden(said, hide) }) }),
    };
  return withoutSecrets(await upstream.request(method, params, { ...options, ...hiding, headers }), filled);
}

/** After hooks on an answer. An error of the upstream is no result, and passes by. */
export async function afterHooks(call: Call, on: HookContext, method: HookedMethod, answer: Answer): Promise<Answer> {
  if (!call.route.chain.handles('after', method)) return answer;
  return answer.error ? errorAnswer(answer.error) : checked(call, on, method, answer);
}

/**
 * What plugins looked at is written again, and not passed on as the upstream wrote it: there, members could stand twice,
 * or in another case, for clients that read the other one.
 */
async function checked(
  call: Call,
  on: HookContext,
  method: HookedMethod,
  answer: Extract<Answer, { result: JsonObject }>,
  about?: Pick<AfterOptions, 'tool' | 'outputSchema'>,
): Promise<Answer> {
  const outcome = await call.route.chain.after(on, method, withoutLookalikes(answer.result), {
    signal: call.signal,
    ...about,
  });
  if (outcome.kind === 'block') return blocked(call, outcome.data);
  return resultAnswer(outcome.result);
}

function blocked(call: Call, data: BlockData): Answer {
  call.record.blocked = data;
  return blockedAnswer(data);
}

/** What plugins are told of the call, and where their reports go. */
export function hookContext(call: Call, { upstream }: Member): HookContext {
  call.record.upstream = call.record.upstream === undefined ? upstream.id : `${call.record.upstream},${upstream.id}`;
  call.record.plugins ??= [];
  return {
    requestId: call.requestId,
    binding: call.route.id,
    upstream: upstream.id,
    caller: { headers: call.headers },
    tools: createTools(call, (nested, owner, params) => hooked(nested, owner, 'tools/call', params)),
    reports: call.record.plugins,
  };
}

export const requestOptions = ({ signal, onNotification, timeoutMs, timeoutSetting }: Call): RequestOptions => ({
  signal,
  ...(onNotification === undefined ? {} : { onNotification }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(timeoutSetting === undefined ? {} : { timeoutSetting }),
});
