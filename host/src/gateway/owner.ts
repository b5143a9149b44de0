import { fail, toFaults } from '../core/fault.ts';
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

/** What the lists of a binding say of a uri. */
export interface Listing {
  /** The upstream that lists it, or that lists a template which matches it, or is it. */
  readonly member: Member | undefined;
  /** Members whose lists are not known, and why. */
  readonly unknown: ReadonlyMap<Member, unknown>;
}

/**
 * Whose resource this is: the member that it came from, else the one that lists it.
 * @throws Fault `resource_unknown`, `upstream_…` when nobody has it and not everybody could be asked
 */
export async function ownerOfUri(route: Route, uri: string, signal: AbortSignal): Promise<Member> {
  if (route.members.length === 1) return route.members[0];
  const { member, unknown } = await ownerOrListing(route, uri, signal);
  return member ?? nobodyHas(route, uri, unknown.values());
}

/** The member that a uri came from; else what the lists say of it, asked again where they may have changed unheard. */
export async function ownerOrListing(route: Route, uri: string, signal: AbortSignal): Promise<Listing> {
  const origin = route.origins.of(uri);
  const member = route.members.find(({ upstream }) => upstream.id === origin);
  if (member !== undefined) return { member, unknown: new Map() };
  const began = Date.now();
  const listing = await listingOf(route, uri, signal);
  return listing.member === undefined ? listingOf(route, uri, signal, began) : listing;
}

/**
 * Looks a uri up in the lists of all members that were reached. Where one is known to have it, nobody is waited for.
 * @param since lists asked for before are asked for again, unless a change would have been heard
 */
export async function listingOf(route: Route, uri: string, signal: AbortSignal, since?: number): Promise<Listing> {
  const members = reachedMembers(route).filter(({ upstream }) => mayOffer(upstream, 'resources'));
  const unknown = new Map<Member, unknown>();
  const isKnown = (catalog: Catalog) => (since === undefined ? catalog.believed !== undefined : catalog.holds(since));
  const lists = (member: Member) => member.lists['resources/list'].lastItem(uri) !== undefined;
  const matches = ({ lists }: Member) =>
    lists['resources/templates/list'].last?.some(({ uriTemplate }) => expands(String(uriTemplate), uri)) === true;

  const known = members.find(member => isKnown(member.lists['resources/list']) && lists(member));
  if (known !== undefined) return { member: known, unknown };
  const found = Promise.withResolvers<void>();
  const asked = members.map(async member => {
    const learn = async (catalog: Catalog) => {
      if (!isKnown(catalog)) await catalog.fresh(signal).catch(reason => unknown.set(member, reason));
      if (lists(member)) found.resolve();
    };
    await Promise.all([learn(member.lists['resources/list']), learn(member.lists['resources/templates/list'])]);
  });
  await Promise.race([Promise.all(asked), found.promise]);
  signal.throwIfAborted();
  return { member: members.find(lists) ?? members.find(matches), unknown };
}

/** Says that nobody has a resource, or why that cannot be known. @throws Fault `resource_unknown`, `upstream_…` */
export function nobodyHas(route: Route, uri: string, reasons: Iterable<unknown>): never {
  // A server whose list cannot be read says so with an error of its own; that is no reason not to know.
  const unreachable = [...reasons].flatMap(toFaults).find(({ code }) => code !== 'upstream_garbage');
  if (unreachable) throw unreachable;
  return fail('resource_unknown', { uri, binding: route.id });
}

/** Whether a URI template (RFC 6570) can yield `uri`, or is it. Its expressions are taken to yield anything: it only routes. */
function expands(template: string, uri: string): boolean {
  if (template === uri) return true;
  const parts = template.split(/\{[^{}]*\}/);
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return first === uri;
  if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts) {
    const found = uri.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= uri.length - last.length;
}
