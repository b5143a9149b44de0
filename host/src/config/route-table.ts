import type { Problem } from './problem.ts';
import { filledHost, filledPath, placeholdersIn } from './route-pattern.ts';

/** One of `routes`. */
export interface StatedRoute {
  readonly host?: string | undefined;
  readonly path: string;
  readonly binding?: string | undefined;
}

/** One URL of the gateway, and what it serves. */
export interface RouteEntry {
  /** In lower case, with a port if only that port is meant; undefined for every host without a route of its own. */
  readonly host?: string | undefined;
  /** Without a trailing slash. */
  readonly path: string;
  /** The binding; undefined if the caller's tenant decides. */
  readonly binding?: string | undefined;
  /** The tenant to which the URL belongs: callers of others are refused. */
  readonly tenant?: string | undefined;
}

export interface ExpandOptions {
  readonly routes: readonly StatedRoute[];
  readonly bindings: readonly string[];
  /** The default binding. */
  readonly standard: string | undefined;
  readonly tenants: readonly RoutedTenant[];
  /** The first segments of paths that no route may have. */
  readonly reserved?: readonly string[] | undefined;
}

interface RoutedTenant {
  readonly id: string;
  /** The bindings that it may use; undefined for all. */
  readonly bindings?: readonly string[] | undefined;
  /** Its own default binding. */
  readonly standard?: string | undefined;
}

/**
 * Returns every URL of the gateway, and what is wrong with them: names that cannot be a part of a host or a path, URLs with
 * two meanings, URLs that the gateway needs itself.
 */
export function expandRoutes(options: ExpandOptions): {
  readonly routes: readonly RouteEntry[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const found = new Map<string, { readonly entry: RouteEntry; readonly index: number }>();
  for (const [index, stated] of options.routes.entries()) {
    for (const { values, ...target } of targetsOf(stated, options)) {
      const path = filledPath(stated.path, values);
      const host = stated.host === undefined ? undefined : filledHost(stated.host, values);
      const at = ['routes', index];
      const { binding, tenant } = target;
      const usable = options.tenants.find(({ id }) => id === tenant)?.bindings;
      if (usable !== undefined && binding !== undefined && !usable.includes(binding)) {
        const hint = `state the \`default_binding\` of ${tenant}, or add ${binding} to its \`bindings\``;
        problems.push({ path: at, message: `tenant ${tenant} may not use ${binding}, which this route serves`, hint });
      }
      if (path === undefined) problems.push({ path: [...at, 'path'], message: unfit(values, stated.path, 'path') });
      if (stated.host !== undefined && host === undefined) {
        problems.push({ path: [...at, 'host'], message: unfit(values, stated.host, 'host') });
      }
      if (path === undefined || (host === undefined && stated.host !== undefined)) continue;
      const [, first = ''] = path.split('/');
      if (options.reserved?.includes(first) === true) problems.push({ path: at, ...reservedSegment(first) });
      const key = `${host ?? ''}${path}`;
      const entry = { host, path, ...target };
      const other = found.get(key);
      if (other === undefined) found.set(key, { entry, index });
      else if (!isSame(other.entry, entry)) {
        const message = `${key} is the URL of ${nameOf(entry)}, and of ${nameOf(other.entry)} by routes.${other.index}`;
        problems.push({ path: at, message, hint: 'rename one of them, or change a route' });
      }
    }
  }
  return { routes: [...found.values()].map(({ entry }) => entry), problems };
}

/** Returns what is wrong with a path whose first segment is that of something else. */
export const reservedSegment = (first: string): { readonly message: string; readonly hint: string } => ({
  message: `the gateway itself serves /${first}`,
  hint:
    first === 'admin' ? 'use another name, or give `admin` an address of its own with `listen`' : 'use another name',
});

interface Target extends Pick<RouteEntry, 'binding' | 'tenant'> {
  readonly values: ReadonlyMap<string, string>;
}

/** Lists what a route stands for: one binding, all of them, or those of each tenant. */
function targetsOf(
  { host = '', path, binding }: StatedRoute,
  { bindings, standard, tenants }: ExpandOptions,
): readonly Target[] {
  const used = new Set([...placeholdersIn(host), ...placeholdersIn(path)]);
  const own = tenants.filter(({ id }) => id !== '*');
  if (used.has('tenant')) {
    return own.flatMap(tenant => {
      const usable = tenant.bindings ?? bindings;
      const served = binding ?? tenant.standard ?? standard;
      const chosen = used.has('binding') ? usable : served === undefined ? [] : [served];
      return chosen.map(each => ({
        ...{ binding: each, tenant: tenant.id },
        values: new Map([
          ['tenant', tenant.id],
          ['binding', each],
        ]),
      }));
    });
  }
  if (used.has('binding')) return bindings.map(each => ({ binding: each, values: new Map([['binding', each]]) }));
  if (binding !== undefined) return [{ binding, values: new Map() }];
  const isByTenant = tenants.some(each => each.standard !== undefined);
  return isByTenant || standard === undefined ? [{ values: new Map() }] : [{ binding: standard, values: new Map() }];
}

const isSame = (one: RouteEntry, other: RouteEntry) => one.binding === other.binding && one.tenant === other.tenant;

const nameOf = ({ binding, tenant }: RouteEntry) =>
  [
    binding === undefined ? 'the default binding of each tenant' : `binding ${binding}`,
    ...(tenant === undefined ? [] : [`for tenant ${tenant}`]),
  ].join(' ');

function unfit(values: ReadonlyMap<string, string>, pattern: string, what: string): string {
  const used = placeholdersIn(pattern).map(name => `${name} ${values.get(name)}`);
  return `${used.join(' and ')} cannot be a part of a ${what}`;
}
