import { fail, toFaults } from '../core/fault.ts';
import type { Catalog } from '../upstream/catalog.ts';
import { type Member, type Route, reachedMembers } from './binding.ts';

/** Stands between the id of an upstream and a name of its own, behind a binding of several upstreams. */
const separator = '__';

/** The name by which clients know a tool or prompt of a member. */
export const exposedName = (route: Route, { upstream }: Member, name: string): string =>
  route.members.length === 1 ? name : `${upstream.id}${separator}${name}`;

/**
 * Whose tool or prompt this is, and its name there.
 * @throws Fault `name_unknown`
 */
export function ownerOfName(route: Route, exposed: string): { member: Member; name: string } {
  if (route.members.length === 1) return { member: route.members[0], name: exposed };
  const at = exposed.indexOf(separator);
  const member = route.members.find(({ upstream }) => upstream.id === exposed.slice(0, at));
  if (at < 0 || member === undefined) return fail('name_unknown', { name: exposed, binding: route.id });
  return { member, name: exposed.slice(at + separator.length) };
}

/**
 * Whose resource this is: the member that lists the uri, else the one whose template matches it, or is it. Members that
 * were never reached are not waited for.
 * @throws Fault `resource_unknown`, `upstream_…` when nobody has it and not everybody could be asked
 */
export async function ownerOfUri(route: Route, uri: string): Promise<Member> {
  if (route.members.length === 1) return route.members[0];
  const members = reachedMembers(route);
  const failures: unknown[] = [];
  const find = async (
    list: (member: Member) => Catalog,
    field: 'uri' | 'uriTemplate',
    matches: (value: string) => boolean,
  ) => {
    const offered = await Promise.all(
      members.map(member =>
        list(member)
          .items()
          .catch(reason => {
            failures.push(reason);
            return [];
          }),
      ),
    );
    const index = offered.findIndex(items => items.some(item => matches(String(item[field]))));
    return members[index];
  };
  const owner =
    (await find(
      ({ resources }) => resources,
      'uri',
      value => value === uri,
    )) ??
    (await find(
      ({ templates }) => templates,
      'uriTemplate',
      value => value === uri || expands(value, uri),
    ));
  if (owner !== undefined) return owner;
  // A server without resources says so with an error of its own; that is no reason not to know.
  const unreachable = failures.flatMap(toFaults).find(({ code }) => code !== 'upstream_garbage');
  if (unreachable) throw unreachable;
  return fail('resource_unknown', { uri, binding: route.id });
}

/** Whether a URI template (RFC 6570) can yield `uri`. Its expressions are taken to yield anything: it only routes. */
function expands(template: string, uri: string): boolean {
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
