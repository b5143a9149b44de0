import { fail, toFaults } from '../core/fault.ts';
import { matchesParts } from '../core/glob.ts';
import type { Catalog } from '../upstream/catalog.ts';
import { type Member, mayOffer, type Route, reachedMembers } from './binding.ts';

/** Stands between the id of an upstream and a name of its own, behind a binding of several upstreams. */
const separator = '__';

/** The name by which clients know a tool or prompt of a member. */
export const exposedName = (route: Pick<Route, 'members'>, { upstream }: Member, name: string): string =>
  route.members.length === 1 ? name : `${upstream.id}${separator}${name}`;

/**
 * Whose tool or prompt this is, and its name there.
 * @throws Fault `name_unknown`
 */
export function ownerOfName(route: Route, exposed: string): { member: Member; name: string } {
  if (route.members.length === 1) return { member: route.members[0], name: exposed };
  const at = exposed.indexOf(separator);
  const member = route.members.find(({ upstream }) => upstream.id === exposed.slice(0, at));
  if (at < 0 || member === undefined) {
    const prefixes = route.members.map(each => exposedName(route, each, '')).join(', ');
    return fail('name_unknown', { name: exposed, binding: route.id, hint: `names begin with one of ${prefixes} here` });
  }
  return { member, name: exposed.slice(at + separator.length) };
}

/** Whose a uri is. */
export interface Ownership {
  /**
   * The upstream that lists it, else one that lists a template which matches it, or is it. Among several the one that
   * handed it out last, which is also the owner of what nobody lists. Another one cannot claim it by handing it out.
   */
  readonly owner: Member | undefined;
  /** Members whose lists are not known, and why. */
  readonly unknown: ReadonlyMap<Member, unknown>;
}

/**
 * Whose resource or template this is.
 * @throws Fault `resource_unknown`, `upstream_…` when nobody has it and not everybody could be asked
 */
export async function ownerOfUri(route: Route, uri: string, signal: AbortSignal): Promise<Member> {
  if (route.members.length === 1) return route.members[0];
  const { owner, unknown } = await ownershipOf(route, uri, signal);
  return owner ?? nobodyHas(route, uri, unknown.values());
}

/** Looks it up in the lists, and where nobody has it also in those that may have changed unheard. */
export async function ownershipOf(route: Route, uri: string, signal: AbortSignal): Promise<Ownership> {
  const began = Date.now();
  const ownership = await lookUp(route, uri, signal);
  return ownership.owner === undefined ? lookUp(route, uri, signal, began) : ownership;
}

/** The member that handed it out last. */
export function originOf({ members, origins }: Route, uri: string): Member | undefined {
  const origin = origins.of(uri);
  return members.find(({ upstream }) => upstream.id === origin);
}

/**
 * Looks a uri up in the lists of all members that were reached. Where one is known to have it, no other is waited for.
 * @param since lists asked for before are asked for again, unless a change would have been heard
 */
export async function lookUp(route: Route, uri: string, signal: AbortSignal, since?: number): Promise<Ownership> {
  const members = reachedMembers(route).filter(({ upstream }) => mayOffer(upstream, 'resources'));
  const origin = originOf(route, uri);
  const unknown = new Map<Member, unknown>();
  const isKnown = (catalog: Catalog) => (since === undefined ? catalog.believed !== undefined : catalog.holds(since));
  const lists = (member: Member) => member.lists['resources/list'].lastItem(uri) !== undefined;
  const matches = ({ lists }: Member) =>
    lists['resources/templates/list'].last?.some(({ uriTemplate }) => expands(String(uriTemplate), uri)) === true;
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

/** Says that nobody has a resource, or why that cannot be known. @throws Fault `resource_unknown`, `upstream_…` */
export function nobodyHas(route: Route, uri: string, reasons: Iterable<unknown>): never {
  // A server whose list cannot be read says so with an error of its own; that is no reason not to know.
  const unreachable = [...reasons].flatMap(toFaults).find(({ code }) => code !== 'upstream_garbage');
  if (unreachable) throw unreachable;
  return fail('resource_unknown', { uri, binding: route.id });
}

/** Whether a URI template (RFC 6570) can expand to `uri`, or is it. Its expressions count as anything: this only routes. */
const expands = (template: string, uri: string): boolean =>
  template === uri || matchesParts(template.split(/\{[^{}]*\}/), uri);
