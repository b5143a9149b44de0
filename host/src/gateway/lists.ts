import { isDeepStrictEqual } from 'node:util';
import { Fault, fail } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { type Answer, resultAnswer } from '../mcp/answer.ts';
import { type ListMethod, listShape } from '../mcp/methods.ts';
import { withoutTasks } from '../mcp/tasks.ts';
import { itemsIn } from '../upstream/catalog.ts';
import { type Member, mayOffer, reachedMembers } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { exposedName } from './name-routing.ts';
import { afterHooks, hookContext, requestOptions } from './pipeline.ts';
import { pageOf } from './resource-origins.ts';

/**
 * One list. Behind a single upstream its pages pass through with their cursors; the lists of several are read to
 * their ends and merged into one page. Plugins see each upstream's list by itself, under its own names. Nobody waits for
 * an upstream that was never reached while others were, nor long for one that is slow: its last known list stands in.
 * @throws Fault `upstream_…` when no upstream can be asked; one of several that cannot is left out
 */
export async function list(call: Call, method: ListMethod): Promise<Outcome> {
  const { route, params } = call;
  const [only, ...others] = route.members;
  if (others.length === 0) return listOfOne(call, only, method);
  if (params.cursor !== undefined)
    fail('params_invalid', { hint: '`cursor` was not issued by this gateway: leave it out' });
  const members = reachedMembers(route);
  for (const { upstream } of route.members.filter(member => !members.includes(member))) {
    route.notices.leftOut(upstream.id, method, notReached(upstream.id), false);
  }
  const parts = await Promise.allSettled(
    members.map(async member => ({ id: member.upstream.id, outcome: await listOf(call, member, method) })),
  );
  const failed = parts.find(part => part.status === 'rejected');
  const found = parts.flatMap(part => (part.status === 'fulfilled' ? [part.value] : []));
  if (failed !== undefined && found.length === 0) throw failed.reason;
  const refused = found.find(({ outcome }) => outcome.kind !== 'result');
  if (refused !== undefined) return refused.outcome;
  const lists = found.flatMap(({ outcome, id }) =>
    outcome.kind === 'result' ? [{ id, items: itemsIn(outcome.result, method) }] : [],
  );
  const items = method.startsWith('resources/') ? withOneOwner(call, method, lists) : lists.flatMap(each => each.items);
  if (method === 'tools/list') lookAtTools(call, lists);
  return resultAnswer({ [listShape(method).member]: items });
}

/** A page that passes. What the gateway knows of the list is brought up to date. */
async function listOfOne(call: Call, member: Member, method: ListMethod): Promise<Outcome> {
  const catalog = member.lists[method];
  const learn = catalog.last === undefined ? undefined : catalog.witness();
  const answer = await member.upstream.request(method, call.params, requestOptions(call));
  if (learn !== undefined && !answer.error) {
    learn(itemsIn(answer.result, method), call.params.cursor === undefined && answer.result.nextCursor === undefined);
  }
  return pastHooks(call, member, method, answer);
}

/** Takes a list through the after hooks, without what clients cannot call. */
function pastHooks(call: Call, member: Member, method: ListMethod, answer: Answer): Promise<Outcome> {
  call.record.enterUpstream(member.upstream.id);
  return afterHooks(call, hookContext(call, member), method, callable(call, member, method, answer));
}

/** A list of tools without what only makes sense with tasks; any other list as it is. */
function callable(call: Call, { upstream }: Member, method: ListMethod, answer: Answer): Answer {
  if (method !== 'tools/list' || answer.error || !Array.isArray(answer.result.tools)) return answer;
  const listed = itemsIn(answer.result, method);
  const { tools, leftOut } = withoutTasks(listed);
  call.route.notices.needTask(upstream.id, leftOut);
  return tools === listed ? answer : resultAnswer({ ...answer.result, tools });
}

/** The list of one of several upstreams, past the plugins, under the names that clients see. */
async function listOf(call: Call, member: Member, method: ListMethod): Promise<Outcome> {
  const items = await itemsOf(call, member, method);
  const whole = resultAnswer({ [listShape(method).member]: items });
  const outcome = await pastHooks(call, member, method, whole);
  if (outcome.kind !== 'result' || method.startsWith('resources/')) return outcome;
  const named = itemsIn(outcome.result, method).map(item =>
    typeof item.name === 'string' ? { ...item, name: exposedName(call.route, member, item.name) } : item,
  );
  return resultAnswer({ [listShape(method).member]: named });
}

const notReached = (upstream: string) =>
  new Fault('upstream_unavailable', { upstream, hint: 'it has not been reached yet' });

async function itemsOf({ route, signal, tellLater }: Call, { upstream, lists }: Member, method: ListMethod) {
  const catalog = lists[method];
  const { capability, changed } = listShape(method);
  if (!mayOffer(upstream, capability)) return [];
  const { capabilities = {} } = upstream.serverInfo ?? {};
  if (upstream.serverInfo !== undefined && capabilities[capability] === undefined)
    return catalog.items().catch(() => []);
  try {
    const items = await catalog.fresh(signal);
    route.notices.isBack(upstream.id, method);
    return items;
  } catch (reason) {
    signal.throwIfAborted();
    // Of an upstream that is gone, nothing could be called. Clients are told when it is back.
    const last = upstream.ready ? catalog.last : undefined;
    catalog.late?.then(
      items => {
        route.notices.isBack(upstream.id, method);
        // Undefined where the upstream itself has told the client that it changed.
        if (items === undefined || isDeepStrictEqual(items, last ?? [])) return;
        tellLater({ method: changed });
      },
      () => {},
    );
    route.notices.leftOut(upstream.id, method, reason, last !== undefined);
    if (last === undefined) throw reason;
    return last;
  }
}

interface Listed {
  readonly id: string;
  readonly items: readonly JsonObject[];
}

/** Each uri once, from the first upstream that lists it: it is the one that would be read. */
function withOneOwner({ route }: Call, method: ListMethod, lists: readonly Listed[]): readonly JsonObject[] {
  const key = listShape(method).key;
  const owners = new Map<string, string>();
  const shared = new Map<string, Set<string>>();
  const items = lists.flatMap(({ id, items }) =>
    items.filter(item => {
      const uri = String(item[key]);
      const owner = owners.get(uri) ?? id;
      owners.set(uri, owner);
      if (owner !== id) shared.set(uri, (shared.get(uri) ?? new Set([owner])).add(id));
      if (owner === id && route.origins.of(uri) !== id) route.origins.forget(uri);
      return owner === id;
    }),
  );
  const upstreams = new Set([...shared.values()].flatMap(each => [...each]));
  route.notices.sharedUris(method, [...shared.keys()], [...upstreams]);
  return items;
}

/** Names may be too long for clients, and a tool's page is read from the upstream of the tool. */
function lookAtTools({ route }: Call, lists: readonly Listed[]): void {
  route.notices.longNames(lists.flatMap(({ items }) => items.map(({ name }) => String(name))));
  for (const { id, items } of lists) {
    for (const page of items.flatMap(item => pageOf(item) ?? [])) {
      if (route.origins.of(page) === undefined) route.origins.saw(page, id);
    }
  }
}
