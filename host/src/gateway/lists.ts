import { isDeepStrictEqual } from 'node:util';
import { Fault, fail } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { HookContext } from '../hook/hook-chain.ts';
import type { ListedPage } from '../hook/unmatched-names.ts';
import { withoutLookalikes } from '../hook/view/members.ts';
import { type Answer, resultAnswer } from '../mcp/answer.ts';
import { type ListMethod, listShape } from '../mcp/methods.ts';
import { withoutTasks } from '../mcp/tasks.ts';
import { itemsIn } from '../upstream/catalog.ts';
import { listWithoutAccount } from './account-tool.ts';
import { kinds, visibleTo } from './authorize.ts';
import { type Member, mayOffer, type Route, reachedMembers } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { pageOf } from './handed-out-uris.ts';
import { exposedName } from './name-routing.ts';
import { afterHooks, hookContext, requestOptions, send } from './pipeline.ts';

/**
 * Answers a list request. With a single upstream, its pages pass through with their cursors; the lists of several are
 * read completely and merged into one page. Plugins see each upstream's list separately, under its own names. An
 * upstream that was never reached while others were is not waited for, and a slow one not for long: its last known list
 * is used.
 * @throws Fault `upstream_…` if no upstream can be asked; one of several that cannot is left out
 */
export async function list(call: Call, method: ListMethod): Promise<Outcome> {
  const { route, params } = call;
  const [only, ...others] = route.members;
  if (others.length === 0) return listOfOne(call, only, method);
  if (params.cursor !== undefined)
    fail('params_invalid', { hint: '`cursor` was not issued by this gateway: leave it out' });
  return listOfAll(call, method, itemsOf);
}

/**
 * Answers with the whole list, from what is known of the lists of upstreams that would report a change. Others are asked.
 * @throws as `list`
 */
export const listKnown = (call: Call, method: ListMethod): Promise<Outcome> =>
  listOfAll(call, method, async (of, member) => member.lists[method].trusted ?? itemsOf(of, member, method));

/** Gets the items of a member's list. */
type Items = (call: Call, member: Member, method: ListMethod) => Promise<readonly JsonObject[]>;

async function listOfAll(call: Call, method: ListMethod, itemsOf: Items): Promise<Outcome> {
  const { route } = call;
  const members = reachedMembers(route);
  for (const { upstream } of route.members.filter(member => !members.includes(member))) {
    route.notices.leftOut(upstream.id, method, notReached(upstream.id), false);
  }
  const parts = await Promise.allSettled(
    members.map(async member => ({ id: member.upstream.id, outcome: await listOf(call, member, method, itemsOf) })),
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

/** Passes a page on, and updates what the gateway knows of the list. */
async function listOfOne(call: Call, member: Member, method: ListMethod): Promise<Outcome> {
  const catalog = member.lists[method];
  const isUsed = catalog.last !== undefined || call.route.chain.isRecorded === true;
  const learn = isUsed ? catalog.observe() : undefined;
  let answer: Answer;
  try {
    answer = await send(call, member, method, call.params, requestOptions(call));
  } catch (reason) {
    const instead = listWithoutAccount(reason, member.upstream.id, method);
    if (instead === undefined) throw reason;
    return pastHooks(call, member, method, resultAnswer({ [listShape(method).member]: instead }));
  }
  if (learn !== undefined && !answer.error) {
    learn(itemsIn(answer.result, method), call.params.cursor === undefined && answer.result.nextCursor === undefined);
  }
  if (!answer.error && looksAtLists(call.route)) {
    const { result } = answer;
    const isLast = result.nextCursor === undefined;
    noteListed(call, member, method, itemsIn(result, method), { isFirst: call.params.cursor === undefined, isLast });
  }
  return pastHooks(call, member, method, answer);
}

const looksAtLists = ({ chain, named }: Route) => chain.looksAtLists || named.isLooking;

/** Shows the names of a list to those who warn of configured names that match nothing. */
function noteListed(
  { route }: Call,
  member: Member,
  method: ListMethod,
  items: readonly JsonObject[],
  page: Pick<ListedPage, 'isFirst' | 'isLast'>,
): void {
  const upstreams = route.members.map(each => each.upstream.id);
  const names = items.map(item => String(item[listShape(method).key]));
  const listed = { binding: route.id, upstream: member.upstream.id, upstreams, method, names, ...page };
  route.chain.listed(listed);
  const exposed = method.startsWith('resources/') ? names : names.map(name => exposedName(route, member, name));
  route.named.listed({ ...listed, names: exposed });
}

/**
 * Passes a list through the after hooks, without entries that the client cannot or may not call. Plugins may rename
 * entries, and a call is checked under the name that the client sees and under the one that is sent, so both count.
 * Policies decide about what is sent, so they see the list before the hooks.
 */
async function pastHooks(call: Call, member: Member, method: ListMethod, answer: Answer): Promise<Outcome> {
  call.record.enterUpstream(member.upstream.id);
  const context = hookContext(call, member);
  const allowed = visibleTo(call, member, method, callable(call, member, method, answer));
  const shown = await pastPolicy(call, context, method, allowed);
  const outcome = await afterHooks(call, context, method, shown);
  return outcome.kind === 'block' || outcome === shown ? outcome : visibleTo(call, member, method, outcome);
}

/** Removes the entries that a policy denies, without their arguments. The list is written again: see `visibleTo`. */
async function pastPolicy({ route, signal }: Call, context: HookContext, method: ListMethod, answer: Answer) {
  const { policy } = route.chain;
  if (policy === undefined || answer.kind === 'error') return answer;
  const { key, member } = listShape(method);
  const named = itemsIn(answer.result, method).flatMap(item => {
    const { [key]: name } = item;
    return typeof name === 'string' ? [{ item, name }] : [];
  });
  const names = named.map(({ name }) => name);
  const denials = await policy.decideMany(context, method, kinds[method], names, signal);
  const items = named.filter((_, place) => denials[place] === undefined).map(({ item }) => item);
  return resultAnswer({ ...withoutLookalikes(answer.result), [member]: items });
}

/** Removes task support from a list of tools; other lists are unchanged. */
function callable(call: Call, { upstream }: Member, method: ListMethod, answer: Answer): Answer {
  if (method !== 'tools/list' || answer.error || !Array.isArray(answer.result.tools)) return answer;
  const listed = itemsIn(answer.result, method);
  const { tools, leftOut } = withoutTasks(listed);
  call.route.notices.needTask(upstream.id, leftOut);
  return tools === listed ? answer : resultAnswer({ ...answer.result, tools });
}

/** Returns the list of one of several upstreams after the plugins, under the names that clients see. */
async function listOf(call: Call, member: Member, method: ListMethod, itemsOf: Items): Promise<Outcome> {
  const items = await itemsOf(call, member, method);
  if (looksAtLists(call.route)) noteListed(call, member, method, items, { isFirst: true, isLast: true });
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
    const instead = listWithoutAccount(reason, upstream.id, method);
    if (instead !== undefined) return instead;
    // Nothing of an unreachable upstream could be called. Clients are notified when it is back.
    const last = upstream.ready ? catalog.last : undefined;
    catalog.late?.then(
      items => {
        route.notices.isBack(upstream.id, method);
        // Undefined if the upstream itself has notified the client of the change.
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

/** Lists each URI once, from the first upstream that lists it, which is the one that would be read. */
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

/** Reports names that are too long for clients, and records the upstream of each tool's UI resource. */
function lookAtTools({ route }: Call, lists: readonly Listed[]): void {
  route.notices.longNames(lists.flatMap(({ items }) => items.map(({ name }) => String(name))));
  for (const { id, items } of lists) {
    for (const page of items.flatMap(item => pageOf(item) ?? [])) {
      if (route.origins.of(page) === undefined) route.origins.saw(page, id);
    }
  }
}
