import { knownHost } from '../core/host-name.ts';
import type { OpenBinding } from '../gateway/binding.ts';
import { resourceKey } from '../identity/protected-resources.ts';

/** One URL of the gateway, as the configuration states it. */
export interface RouteEntry {
  /** In lower case, with a port if only that port is meant; undefined for every host without a route of its own. */
  readonly host?: string | undefined;
  /** Without a trailing slash. */
  readonly path: string;
  /** The id of the binding; undefined if the caller's tenant decides. */
  readonly binding?: string | undefined;
  /** The tenant to which the URL belongs. */
  readonly tenant?: string | undefined;
}

/** What is served at one URL. */
export interface ServedRoute {
  /** The protected resource that tokens name; see `resourceKey`. */
  readonly resource: string;
  /** The binding; undefined if the caller's tenant decides. */
  readonly binding: OpenBinding | undefined;
  /** The tenant to which the URL belongs: callers of others are refused. */
  readonly tenant?: string | undefined;
}

type Paths = ReadonlyMap<string, ServedRoute>;

/** The bindings by path and host. A host with routes of its own serves nothing else. */
export class RouteMap {
  /** The paths of every host without routes of its own, with and without a trailing slash. */
  readonly everywhere: Paths;
  readonly #hosts: ReadonlyMap<string, Paths>;

  /** @param entries the routes; by default the usual ones of all bindings */
  constructor(
    entries: readonly RouteEntry[] | undefined,
    bindings: ReadonlyMap<string, OpenBinding>,
    standard: OpenBinding | undefined,
  ) {
    const routes = entries ?? usualRoutes([...bindings.keys()], standard?.id);
    const hosts = Map.groupBy(routes, ({ host }) => host ?? '');
    const pathsFrom = (host: string): Paths =>
      new Map(
        hosts.get(host)?.flatMap(entry => {
          const { path, tenant } = entry;
          const binding = entry.binding === undefined ? undefined : bindings.get(entry.binding);
          const route = { resource: resourceKey(entry), binding, tenant };
          return [
            [path, route],
            [`${path}/`, route],
          ] as const;
        }),
      );
    this.everywhere = pathsFrom('');
    const named = [...hosts.keys()].filter(host => host !== '');
    this.#hosts = new Map(named.map(host => [host, pathsFrom(host)]));
  }

  /** Whether any host has routes of its own. */
  get hasHosts(): boolean {
    return this.#hosts.size > 0;
  }

  /** Whether a binding is served at this path of a host. */
  has(header: string | undefined, path: string): boolean {
    return (this.ofHost(header) ?? this.everywhere).has(path);
  }

  /** Returns the paths of a host; undefined if it has none of its own. */
  ofHost(header: string | undefined): Paths | undefined {
    if (this.#hosts.size === 0) return undefined;
    const host = knownHost(header, this.#hosts);
    return host === undefined ? undefined : this.#hosts.get(host);
  }
}

/** Returns the routes of bindings where the configuration states none. Some clients need a path that ends in `mcp`. */
export const usualRoutes = (bindings: readonly string[], standard: string | undefined): readonly RouteEntry[] => [
  ...new Map(
    [
      ...(standard === undefined ? [] : [{ path: '/mcp', binding: standard }]),
      ...bindings.flatMap(binding => [
        { path: `/mcp/${binding}`, binding },
        { path: `/${binding}/mcp`, binding },
      ]),
    ].map(route => [route.path, route]),
  ).values(),
];
