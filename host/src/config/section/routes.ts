import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';
import { hostPatternProblem, pathPatternProblem, placeholdersIn } from '../route-pattern.ts';
import { expandRoutes, type RouteEntry, reservedSegment, type StatedRoute } from '../route-table.ts';
import { text } from './fields.ts';
import { duplicates, entries, entryPaths, listed, type Named, unknownNames } from './named.ts';
import { section } from './section.ts';

const route = z.strictObject({
  host: text
    .optional()
    .describe(
      'The host that clients use, such as {binding}.example.com. Without it, every allowed host that has no route.',
    ),
  path: text.default('/mcp').describe('The path, such as /mcp/{binding} or /{tenant}/mcp.'),
  binding: z.string().optional().describe('The binding, if no {binding} is in the host or the path.'),
});

/** `routes`: at which hosts and paths bindings are served. */
export const routesSection = section({
  shape: {
    routes: z
      .array(route)
      .min(1)
      .optional()
      .describe('Where bindings are served. Default: /mcp, /mcp/{binding} and /{binding}/mcp.'),
  },
  finish: () => ({}),
  problems(value) {
    const routes = entryPaths(value, ['routes']);
    const bindings = entries(value, ['bindings']);
    const named = routes.flatMap(path => namedAt(value, [...path, 'binding']));
    const malformed = routes.flatMap(path => patternProblems(value, path));
    const found = [
      ...unknownNames(bindings, named, 'binding'),
      ...malformed,
      ...defaultProblems(value),
      ...reservedIds(value, bindings),
    ];
    return malformed.length > 0 ? found : [...found, ...expand(value).problems];
  },
});

/** Returns the routes of a configuration that was checked; undefined if it states none and no tenant has a binding of its own. */
export function finishedRoutes(value: {
  readonly routes?: readonly StatedRoute[] | undefined;
  readonly bindings: readonly { readonly id: string; readonly default: boolean }[];
  readonly tenants: readonly {
    readonly id: string;
    readonly bindings?: readonly string[] | undefined;
    readonly default_binding?: string | undefined;
  }[];
}): readonly RouteEntry[] | undefined {
  const { routes, bindings, tenants } = value;
  if (routes === undefined && tenants.every(each => each.default_binding === undefined)) return undefined;
  return expandRoutes({
    routes: routes ?? usualRoutes,
    bindings: bindings.map(({ id }) => id),
    standard: bindings.find(each => each.default)?.id,
    tenants: tenants.map(({ id, bindings: own, default_binding: standard }) => ({ id, bindings: own, standard })),
  }).routes;
}

/** Where bindings are served if the configuration states no routes. */
const usualRoutes: readonly StatedRoute[] = [{ path: '/mcp' }, { path: '/mcp/{binding}' }, { path: '/{binding}/mcp' }];

const textAt = (value: JsonObject, path: Path) => {
  const found = memberAt(value, path);
  return typeof found === 'string' ? found : undefined;
};

const namedAt = (value: JsonObject, path: Path): readonly Named[] => {
  const name = textAt(value, path);
  return name === undefined ? [] : [{ name, path }];
};

/** Reports what is wrong with a route in itself. */
function patternProblems(value: JsonObject, path: Path): readonly Problem[] {
  const [host, at = '/mcp'] = [textAt(value, [...path, 'host']), textAt(value, [...path, 'path'])];
  const [hostMessage, pathMessage] = [host && hostPatternProblem(host), pathPatternProblem(at)];
  const used = [...placeholdersIn(host ?? ''), ...placeholdersIn(at)];
  const twice = used.find((name, index) => used.indexOf(name) !== index);
  const isNamedTwice = used.includes('binding') && textAt(value, [...path, 'binding']) !== undefined;
  const hasTenant = used.includes('tenant');
  return [
    ...(hostMessage ? [{ path: [...path, 'host'], message: hostMessage }] : []),
    ...(pathMessage ? [{ path: [...path, 'path'], message: pathMessage }] : []),
    ...(twice ? [{ path, message: `{${twice}} occurs twice` }] : []),
    ...(isNamedTwice ? [{ path: [...path, 'binding'], message: 'the route has a {binding} already' }] : []),
    ...(hasTenant ? tenantProblems(value, path) : []),
  ];
}

/** Reports a route with {tenant} that no caller could use. */
function tenantProblems(value: JsonObject, path: Path): readonly Problem[] {
  const tenants = entries(value, ['tenants']).filter(({ name }) => name !== '*' && name !== '');
  return [
    ...(isJsonObject(memberAt(value, ['identity']))
      ? []
      : [{ path, message: 'no caller has a tenant: without `identity`, all callers are anonymous' }]),
    ...(tenants.length > 0
      ? []
      : [{ path, message: '{tenant} matches nothing, because `tenants` is empty', hint: 'add them to `tenants`' }]),
  ];
}

/** Reports default bindings of tenants that are not there, or that the tenant may not use. */
function defaultProblems(value: JsonObject): readonly Problem[] {
  const bindings = entries(value, ['bindings']);
  return entries(value, ['tenants']).flatMap(({ path }) => {
    const stated = namedAt(value, [...path, 'default_binding']);
    const own = listed(value, [...path, 'bindings']);
    const excluded = own.length === 0 ? [] : stated.filter(({ name }) => !own.some(each => each.name === name));
    return [
      ...unknownNames(bindings, stated, 'binding'),
      ...excluded.map(each => ({
        path: each.path,
        message: `the tenant may not use ${each.name}`,
        hint: 'add it to the `bindings` of the tenant',
      })),
    ];
  });
}

/** Returns the first segments of the paths that the gateway serves beside bindings. */
function reservedIn(value: JsonObject): readonly string[] {
  const admin = memberAt(value, ['admin']);
  const isAdminHere = isJsonObject(admin) && (admin.listen ?? undefined) === undefined;
  return ['healthz', 'readyz', 'metrics', 'plugins', '.well-known', 'connect', ...(isAdminHere ? ['admin'] : [])];
}

/** Reports bindings that would be served beneath a path of the gateway itself, where the file states no routes. */
function reservedIds(value: JsonObject, bindings: readonly Named[]): readonly Problem[] {
  if (Array.isArray(memberAt(value, ['routes']))) return [];
  const reserved = reservedIn(value);
  return bindings
    .filter(({ name }) => reserved.includes(name))
    .map(({ name, path }) => {
      const { message, hint } = reservedSegment(name);
      return { path: [...path, 'id'], message: `${message}, and this binding would be at /${name}/mcp`, hint };
    });
}

function expand(value: JsonObject) {
  const bindings = entries(value, ['bindings']).filter(({ name }) => name !== '');
  const isDefault = ({ path }: Named) => memberAt(value, [...path, 'default']) === true;
  const isStated = Array.isArray(memberAt(value, ['routes']));
  const tenants = entries(value, ['tenants']).filter(({ name }) => name !== '');
  if (duplicates(bindings).length + duplicates(tenants).length > 0) return { problems: [] };
  const usesDefaults = tenants.some(({ path }) => textAt(value, [...path, 'default_binding']) !== undefined);
  if (!isStated && !usesDefaults) return { problems: [] };
  return expandRoutes({
    routes: isStated
      ? entryPaths(value, ['routes']).map(path => ({
          host: textAt(value, [...path, 'host']),
          path: textAt(value, [...path, 'path']) ?? '/mcp',
          binding: textAt(value, [...path, 'binding']),
        }))
      : usualRoutes,
    bindings: bindings.map(({ name }) => name),
    reserved: isStated ? reservedIn(value) : [],
    standard: (bindings.find(isDefault) ?? bindings[0])?.name,
    tenants: tenants.map(({ name, path }) => {
      const own = listed(value, [...path, 'bindings']).map(each => each.name);
      const bindingsStated = Array.isArray(memberAt(value, [...path, 'bindings']));
      return {
        id: name,
        bindings: bindingsStated ? own : undefined,
        standard: textAt(value, [...path, 'default_binding']),
      };
    }),
  });
}
