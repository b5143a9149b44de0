import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import {
  type CallMethod,
  callMethods,
  completeMethods,
  listMethods,
  type MethodName,
  methodNamed,
} from '../mcp/methods.ts';
import { itemsIn } from '../upstream/catalog.ts';
import { checkName, kinds, routeForUri } from './authorize.ts';
import type { Member } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { list, listKnown } from './lists.ts';
import { ownerOfName, ownerOfUri } from './name-routing.ts';
import { callMember, hookContext, requestOptions, send } from './pipeline.ts';
import { readResource } from './read-resource.ts';
import type { ToolSearch } from './tool-search/tool-search.ts';

/**
 * Serves a request: finds the upstream that owns its target and sends it there through the hooks, between the handlers of
 * the embedding program.
 * @throws Fault `access_denied`, `insufficient_scope`, `method_unknown`, `params_invalid`, `name_unknown`,
 *   `resource_unknown`, `upstream_…`, `handler_…`
 */
export function dispatch(request: Call): Promise<Outcome> {
  // Handlers see the tool that `call_tool` names, as rules and plugins do: they may refuse it by its name.
  const inner = callOfCallTool(request);
  const [call, answer] = inner === undefined ? [request, serve] : [inner, callTool];
  return call.handlers === undefined
    ? answer(call)
    : call.handlers.around(call, params => answer(params === call.params ? call : { ...call, params }));
}

/** Returns the call of the tool that a call of `call_tool` names; undefined for any other request. */
function callOfCallTool(call: Call): Call | undefined {
  if (call.route.toolSearch === undefined || call.method !== 'tools/call') return undefined;
  const asked = call.route.toolSearch.read(call.params);
  return asked?.kind === 'call' ? { ...call, params: asked.params } : undefined;
}

const callTool = async (call: Call): Promise<Outcome> => callNamed(call, 'tools/call');

async function serve(call: Call): Promise<Outcome> {
  const name = methodNamed(call.method);
  const { toolSearch } = call.route;
  if (toolSearch !== undefined && name === 'tools/call') return callBySearch(call, toolSearch);
  if (toolSearch !== undefined && name === 'tools/list') return toolSearch.list();
  if (isOf(callMethods, name)) return name === 'resources/read' ? read(call) : callNamed(call, name);
  if (isOf(listMethods, name)) return list(call, name);
  return isOf(completeMethods, name) ? complete(call) : fail('method_unknown', { method: call.method });
}

const isOf = <N extends MethodName>(names: readonly N[], name: MethodName | undefined): name is N =>
  (names as readonly (string | undefined)[]).includes(name);

const withoutTask = ({ task: _, ...params }: JsonObject): JsonObject => params;

/** Sends a call of a tool or prompt to the upstream that has it, under its name there. */
function callNamed(call: Call, method: Exclude<CallMethod, 'resources/read'>): Promise<Outcome> {
  const { params, route } = call;
  const exposed = stringIn(params, 'name');
  call.record.nameTarget(exposed);
  checkName(call, kinds[method], exposed);
  const { member, name } = ownerOfName(route, exposed);
  // "Receivers that do not declare the task capability … MUST process requests … normally, ignoring any
  // task-augmentation metadata" (MCP 2025-11-25, Tasks). The upstream would start a task that no client can query.
  const sent = params.task === undefined ? params : withoutTask(params);
  return callMember(call, member, method, name === exposed ? sent : { ...sent, name });
}

/**
 * Serves a tool call of a binding that offers its tools by search. A search looks through the list that the caller would
 * get without it, and `call_tool` becomes a call of the tool that it names. Clients may also call that tool directly.
 */
async function callBySearch(call: Call, toolSearch: ToolSearch): Promise<Outcome> {
  const asked = toolSearch.read(call.params);
  if (asked === undefined) return callNamed(call, 'tools/call');
  if (asked.kind === 'call') return callNamed({ ...call, params: asked.params }, 'tools/call');
  call.record.nameTarget(String(call.params.name));
  if (asked.kind === 'refused') return asked.answer;
  const outcome = await listKnown({ ...call, method: 'tools/list', params: {} }, 'tools/list');
  if (outcome.kind !== 'result') return outcome;
  const tools = itemsIn(outcome.result, 'tools/list');
  return asked.kind === 'search'
    ? toolSearch.search(asked.query, asked.limit, tools)
    : toolSearch.describe(asked.name, tools);
}

function read(call: Call): Promise<Outcome> {
  const uri = stringIn(call.params, 'uri');
  call.record.nameTarget(uri);
  return readResource(call, uri, routeForUri(call, uri));
}

/** Sends a completion to the owner of its reference: a prompt, or a template by its URI. */
async function complete(call: Call): Promise<Outcome> {
  const { ref } = call.params;
  if (!isJsonObject(ref)) return fail('params_invalid', { hint: '`ref` is not an object' });
  const { type } = ref;
  if (type === 'ref/resource') {
    const uri = stringIn(ref, 'uri');
    const member = await ownerOfUri(routeForUri(call, uri, true), uri, call.signal);
    return completeAt(call, member, { type, uri });
  }
  if (type !== 'ref/prompt') return fail('params_invalid', { hint: '`ref.type` is not ref/prompt or ref/resource' });
  const exposed = stringIn(ref, 'name');
  checkName(call, 'prompts', exposed);
  const { member, name } = ownerOfName(call.route, exposed);
  return completeAt(call, member, { type, name });
}

/** Asks a member. Its reference names only what the caller may use, by the decision that lists it. */
async function completeAt(call: Call, member: Member, ref: Reference): Promise<Outcome> {
  const { params, route, signal } = call;
  const { policy } = route.chain;
  if (policy !== undefined) {
    call.record.enterUpstream(member.upstream.id);
    const [kind, name] =
      ref.type === 'ref/prompt' ? (['prompts', ref.name] as const) : (['resources', ref.uri] as const);
    const on = hookContext(call, member);
    const [denied] = await policy.decideMany(on, 'completion/complete', kind, [name], signal);
    if (denied !== undefined) return { kind: 'block', data: denied };
  }
  return send(call, member, call.method, { ...params, ref }, requestOptions(call));
}

type Reference =
  | { readonly type: 'ref/prompt'; readonly name: string }
  | { readonly type: 'ref/resource'; readonly uri: string };

function stringIn(params: JsonObject, member: string): string {
  const value = params[member];
  return typeof value === 'string' ? value : fail('params_invalid', { hint: `\`${member}\` is not a string` });
}
