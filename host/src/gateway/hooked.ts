import type { JsonObject } from '../core/json.ts';
import type { AfterMethod, BeforeMethod, HookContext } from '../hook/hook-chain.ts';
import { type Answer, resultAnswer } from '../upstream/answer.ts';
import type { RequestOptions } from '../upstream/upstream.ts';
import type { Member } from './binding.ts';
import { blockedAnswer } from './blocked.ts';
import type { Call } from './call.ts';
import { exposedName } from './owner.ts';
import { createTools } from './tool-caller.ts';

/** Before hooks, upstream, after hooks. What no plugin cares for is neither converted nor copied. */
export async function hooked(call: Call, member: Member, method: BeforeMethod, params: JsonObject): Promise<Answer> {
  const { chain } = call.route;
  const on = hookContext(call, member);
  let sent = params;
  let responded: Answer | undefined;
  if (chain.handles('before', method)) {
    const outcome = await chain.before(on, method, params, call.signal);
    if (outcome.kind === 'block') return blockedAnswer(outcome.data);
    if (outcome.kind === 'respond') responded = resultAnswer(outcome.result);
    else sent = outcome.params;
    // What is sent is what must be allowed, and a plugin on the way may have renamed it.
    if (sent.name !== params.name) call.nested?.admit(exposedName(call.route, member, String(sent.name)));
  }
  const answer: Answer = responded ?? (await member.upstream.request(method, sent, requestOptions(call)));
  // What a plugin answered in place of the upstream is held to the tool's output schema, also when no hook follows.
  if (answer.error || !(responded || chain.handles('after', method))) return answer;
  const schema = method === 'tools/call' ? await member.tools.outputSchema(String(sent.name)) : undefined;
  return checked(call, on, method, answer, schema);
}

/** After hooks on an answer. An error of the upstream is no result, and passes by. */
export async function afterHooks(call: Call, on: HookContext, method: AfterMethod, answer: Answer): Promise<Answer> {
  return answer.error || !call.route.chain.handles('after', method) ? answer : checked(call, on, method, answer);
}

async function checked(
  call: Call,
  on: HookContext,
  method: AfterMethod,
  answer: Extract<Answer, { result: JsonObject }>,
  outputSchema?: JsonObject,
): Promise<Answer> {
  const outcome = await call.route.chain.after(on, method, answer.result, {
    signal: call.signal,
    ...(outputSchema === undefined ? {} : { outputSchema }),
  });
  if (outcome.kind === 'block') return blockedAnswer(outcome.data);
  return outcome.result === answer.result ? answer : resultAnswer(outcome.result);
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

export const requestOptions = ({ signal, onNotification, timeoutMs }: Call): RequestOptions =>
  onNotification === undefined ? { signal, timeoutMs } : { signal, timeoutMs, onNotification };
