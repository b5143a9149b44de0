import type { Cancellation } from '../core/canceller.ts';
import { fail, toFaults } from '../core/fault.ts';
import { canExpandTo } from '../mcp/uri-template.ts';
import type { Catalog } from '../upstream/catalog.ts';
import { type Member, mayOffer, type Route, reachedMembers } from './binding.ts';

/** Separates the id of an upstream from its own name, in a binding with several upstreams. */
const separator = '__';

/** Returns the name under which clients know a tool or prompt of a member. */
export const exposedName = (route: Pick<Route, 'members'>, { upstream }: Member, name: string): string =>
  route.members.length === 1 ? name : `${upstream.id}${separator}${name}`;

/** Returns the id of the upstream that a tool or prompt belongs to by its name, whether or not they exist. */
export function upstreamInName({ members }: Pick<Route, 'members'>, exposed: string): string | undefined {
  if (members.length === 1) return members[0].upstream.id;
  const at = exposed.indexOf(separator);
  return at < 0 ? undefined : exposed.slice(0, at);
}

/** Returns the members of which the caller could be allowed something. */
export const reachableMembers = ({ members, access }: Pick<Route, 'members' | 'access'>): readonly Member[] =>
  access === undefined || access.isUnlimited
    ? members
    : members.filter(member => access.reaches(member.upstream.id, exposedName({ members }, member, '')));

/**
 * Returns the member that has a tool or prompt, and its name there.
 * @throws Fault `name_unknown`
 */
export function ownerOfName(route: Route, exposed: string): { member: Member; name: string } {
  if (route.members.length === 1) return { member: route.members[0], name: exposed };
  const id = upstreamInName(route, exposed);
  const member = route.members.find(({ upstream }) => upstream.id === id);
  if (id === undefined || member === undefined) {
    const prefixes = reachableMembers(route)
      .map(each => exposedName(route, each, ''))
      .join(', ');
    return fail('name_unknown', { name: exposed, binding: route.id, hint: `names begin with one of ${prefixes} here` });
  }
  return { member, name: exposed.slice(id.length + separator.length) };
}

/** The owner of a URI. */
export interface Ownership {
  /**
   * The upstream that lists the URI, else one that lists a template that matches or equals it. Among several it is the
   * one that handed the URI out last, which also owns URIs that are in no list. Another one cannot claim it by handing
   * it out.
   */
  readonly owner: Member | undefined;
  /** The members whose lists are unknown, and why. */
  readonly unknown: ReadonlyMap<Member, unknown>;
}

/**
 * Returns the owner of a resource or template.
 * @throws Fault `resource_unknown`; `upstream_…` if no upstream has it and some could not be asked
 */
export async function ownerOfUri(route: Route, uri: string, signal: Cancellation): Promise<Member> {
  if (route.members.length === 1) return route.members[0];
  const { owner, unknown } = await ownershipOf(route, uri, signal);
  return owner ?? nobodyHas(route, uri, unknown.values());
}

/** Looks it up in the lists, and if it is in none, also in those that may have changed without a notification. */
export async function ownershipOf(route: Route, uri: string, signal: Cancellation): Promise<Ownership> {
  const began = Date.now();
  const ownership = await lookUp(route, uri, signal);
  return ownership.owner === undefined ? lookUp(route, uri, signal, began) : ownership;
}

/** Returns the member that handed it out last. */
export function originOf({ members, origins }: Route, uri: string): Member | undefined {
  const origin = origins.of(uri);
  return members.find(({ upstream }) => upstream.id === origin);
}

/**
 * Looks a URI up in the lists of all reached members. If one is known to have it, the others are not waited for.
 * @param since lists requested earlier are requested again, unless a change would have been notified
 */
export async function lookUp(route: Route, uri: string, signal: Cancellation, since?: number): Promise<Ownership> {
  const members = reachedMembers(route).filter(({ upstream }) => mayOffer(upstream, 'resources'));
  const origin = originOf(route, uri);
  const unknown = new Map<Member, unknown>();
  const isKnown = (catalog: Catalog) => (since === undefined ? catalog.trusted !== undefined : catalog.holds(since));
  const lists = (member: Member) => member.lists['resources/list'].lastItem(uri) !== undefined;
  const matches = ({ lists }: Member) =>
    lists['resources/templates/list'].last?.some(({ uriTemplate }) => canExpandTo(String(uriTemplate), uri)) === true;
  const isListed = (member: Member) => isKnown(member.lists['resources/list']) && lists(member);
  const among = (owners: readonly Member[]) => (origin !== undefined && owners.includes(origin) ? origin : owners[0]);

  if (origin === undefined || isKnown(origin.lists['resources/list'])) {
    const owner = among(members.filter(isListed));
    if (owner !== undefined) return { owner, unknown };
  }
  const found = Promise.withResolvers<void>();
  const asked = members.map(async member => {
    const learn = async (catalog: Catalog) => {
      if (!isKnown(catalog)) await catalog.fresh(signal).catch(reason => unknown.set(member, reason));
      if (lists(member) && (origin ?? member) === member) found.resolve();
    };
    await Promise.all([learn(member.lists['resources/list']), learn(member.lists['resources/templates/list'])]);
  });
  await Promise.race([Promise.all(asked), found.promise]);
  signal.throwIfAborted();
  return { owner: among(members.filter(lists)) ?? among(members.filter(matches)) ?? origin, unknown };
}

/** Reports that no upstream has a resource, or why that is unknown. @throws Fault `resource_unknown`, `upstream_…` */
export function nobodyHas(route: Route, uri: string, reasons: Iterable<unknown>): never {
  // A server that answers a list with an error has no such list; it does not make the answer unknown.
  const unreachable = [...reasons].flatMap(toFaults).find(({ code }) => code !== 'upstream_garbage');
  if (unreachable) throw unreachable;
  return fail('resource_unknown', { uri, binding: route.id });
}
