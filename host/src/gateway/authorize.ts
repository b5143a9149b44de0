import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { withoutLookalikes } from '../hook/view/members.ts';
import { type Answer, resultAnswer } from '../mcp/answer.ts';
import { type CallMethod, type ListMethod, listShape } from '../mcp/methods.ts';
import { itemsIn } from '../upstream/catalog.ts';
import type { Access, Decision } from './access.ts';
import type { Target, TargetKind } from './access-rule.ts';
import type { Member, Route } from './binding.ts';
import type { Call, CallRecord } from './call.ts';
import { exposedName, upstreamInName } from './name-routing.ts';

/** The kind of targets of each method that has one, or lists them. */
export const kinds = {
  'tools/call': 'tools',
  'prompts/get': 'prompts',
  'resources/read': 'resources',
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
} as const satisfies Readonly<Record<CallMethod | ListMethod, TargetKind>>;

/** Returns the refusal of a decision; undefined if it allows. */
function refusalOf(decision: Decision, binding: string, target?: string): Fault | undefined {
  switch (decision.kind) {
    case 'allow':
      return undefined;
    case 'unauthenticated':
      return new Fault('unauthenticated', { binding, target, hint: 'callers without credentials may not do this' });
    case 'access_denied':
      return new Fault('access_denied', { binding, target });
    case 'insufficient_scope':
      return new Fault('insufficient_scope', { binding, target, scope: decision.scope, rule: decision.rule });
  }
}

/** Whether a fault says that the caller may not do something. */
export const isRefusal = ({ code }: Fault): boolean =>
  code === 'access_denied' || code === 'insufficient_scope' || code === 'unauthenticated';

/** Checks that a caller may use anything of a binding. @throws Fault `access_denied`, `insufficient_scope`, `unauthenticated` */
export function checkEntry(access: Access | undefined, binding: string, record: CallRecord): void {
  if (access === undefined) return;
  record.decide(access.entry);
  const refusal = refusalOf(access.entry, binding);
  if (refusal !== undefined) throw refusal;
}

/**
 * Checks that the caller of a call may use a target. It looks only at the name, so that a forbidden name and an unknown
 * one get the same answer.
 * @throws Fault `access_denied`, `insufficient_scope`, `unauthenticated`
 */
function check({ route: { access, id }, record }: Call, target: Target): void {
  if (access === undefined) return;
  const decision = access.decide(target);
  record.decide(decision);
  const refusal = refusalOf(decision, id, target.name);
  if (refusal !== undefined) throw refusal;
}

/** Checks a tool or prompt by the name that clients see. @throws Fault `access_denied`, `insufficient_scope`, `unauthenticated` */
export function checkName(call: Call, kind: 'tools' | 'prompts', name: string): void {
  if (call.route.access !== undefined) check(call, { kind, name, upstream: upstreamInName(call.route, name) });
}

/** Checks the target of a call as it will be sent to a member. @throws Fault `access_denied`, `insufficient_scope`, `unauthenticated` */
export function checkSent(call: Call, member: Member, method: CallMethod, name: string): void {
  if (call.route.access !== undefined) check(call, targetAt(call.route, member, kinds[method], name));
}

/**
 * Returns the route with those members whose resources of this URI, or URI template, the caller may use. Another member
 * is not asked, so that its resource is as unknown as one that does not exist.
 * @throws Fault `access_denied`, `insufficient_scope`, `unauthenticated` if there is no such member
 */
export function routeForUri(call: Call, uri: string, isTemplate = false): Route {
  const { route } = call;
  const { access, members } = route;
  if (access === undefined) return route;
  const target = (member: Member): Target => ({
    kind: 'resources',
    name: uri,
    upstream: member.upstream.id,
    isTemplate,
  });
  const [first, ...others] = members.filter(member => access.allows(target(member)));
  const refused = members.find(member => access.decide(target(member)).kind === 'insufficient_scope');
  check(call, target(first ?? refused ?? members[0]));
  return first === undefined || others.length + 1 === members.length
    ? route
    : { ...route, members: [first, ...others] };
}

/** Returns a target of a member, under the name that clients see. */
function targetAt(route: Route, member: Member, kind: TargetKind, name: string): Target {
  const exposed = kind === 'resources' ? name : exposedName(route, member, name);
  return { kind, name: exposed, upstream: member.upstream.id };
}

/**
 * Removes from a member's list what the caller may not use. A list that may be incomplete is written again, because the
 * upstream's text could have duplicate members that some clients would read.
 */
export function visibleTo({ route }: Call, member: Member, method: ListMethod, answer: Answer): Answer {
  const { access } = route;
  if (access === undefined || access.isUnlimited || answer.kind === 'error') return answer;
  const { key, member: list } = listShape(method);
  const isTemplate = method === 'resources/templates/list';
  const isVisible = ({ [key]: name }: JsonObject) =>
    typeof name === 'string' && access.allows({ ...targetAt(route, member, kinds[method], name), isTemplate });
  return resultAnswer({
    ...withoutLookalikes(answer.result),
    [list]: itemsIn(answer.result, method).filter(isVisible),
  });
}
