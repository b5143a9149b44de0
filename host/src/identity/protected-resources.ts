import { knownHost } from '../core/host-name.ts';

/** A binding at one of its URLs. */
export interface ResourcePath {
  /** The host of the URL, where it has one of its own. */
  readonly host?: string | undefined;
  /** The path, such as `/mcp/main`, without a trailing slash. */
  readonly path: string;
  /** Which URLs are the same resource; see `resourceKey`. */
  readonly resource: string;
  /** The name for people; undefined where the caller's tenant decides about the binding. */
  readonly name?: string | undefined;
  /** The scopes that every request to the binding needs. */
  readonly requiredScopes: readonly string[];
  /** The scopes of rules that are about any caller with a token, by rule. They are published. */
  readonly ruleScopes: readonly (readonly string[])[];
  /** Scopes that are enough to use something of the binding; empty if callers may need none. */
  readonly entryScopes: readonly string[];
}

export interface ProtectedResourcesOptions {
  readonly paths: readonly ResourcePath[];
  /** The URL that clients use; otherwise the address that the gateway listens on. */
  readonly publicUrl?: string | undefined;
  /** The authorization servers, with the scopes that their tokens need at every binding. */
  readonly servers: readonly { readonly issuer: string; readonly requiredScopes: readonly string[] }[];
}

/**
 * Returns which resource of OAuth a URL is. All URLs of a binding are one, so that a token for one of them is good for the
 * others. A URL that belongs to a tenant, or where the caller's tenant decides about the binding, is one of its own.
 */
export const resourceKey = (
  url: Pick<ResourcePath, 'host' | 'path'> & {
    readonly binding?: string | undefined;
    readonly tenant?: string | undefined;
  },
): string => {
  const { host = '', path, binding, tenant } = url;
  // No id contains a space.
  if (binding === undefined) return ` ${host}${path}`;
  return tenant === undefined ? binding : `${binding} ${tenant}`;
};

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * The bindings as protected resources of OAuth (RFC 8707, RFC 9728). Each URL of a binding is a resource with an
 * identifier and metadata of its own, because a client accepts only the metadata of the URL that it uses.
 *
 * A place is a path, after the host if that has routes of its own.
 */
export class ProtectedResources {
  readonly #options: ProtectedResourcesOptions;
  readonly #places: ReadonlyMap<string, ResourcePath>;
  readonly #hosts: ReadonlySet<string>;
  #base: URL | undefined;
  #resources = new Map<string, string>();

  constructor(options: ProtectedResourcesOptions) {
    this.#options = options;
    this.#places = new Map(options.paths.map(each => [`${each.host ?? ''}${each.path}`, each]));
    this.#hosts = new Set(options.paths.flatMap(({ host }) => host ?? []));
    if (options.publicUrl !== undefined) this.#setBase(options.publicUrl);
  }

  /** Must be called with the URL of the address that the gateway listens on, once it is known. */
  listenOn(url: string): void {
    if (this.#options.publicUrl === undefined) this.#setBase(url);
  }

  #setBase(url: string): void {
    const base = new URL(url);
    this.#base = base;
    // A host with routes of its own serves nothing else, also if it is that of the public URL.
    const paths = this.#options.paths.toSorted(
      (one, other) => Number(one.host !== undefined) - Number(other.host !== undefined),
    );
    this.#resources = new Map(paths.map(each => [identifierAt(base, each), each.resource]));
  }

  /** Everything that decides which resource an audience names, as plain data. */
  get identifiers(): object {
    const { publicUrl, paths } = this.#options;
    return { publicUrl, paths: paths.map(({ host, path, resource }) => ({ host, path, resource })) };
  }

  /** Returns the place of a request. */
  placeOf(path: string, host: string | undefined): string {
    const known = this.#hosts.size === 0 ? undefined : knownHost(host, this.#hosts);
    return known === undefined ? path : `${known}${path}`;
  }

  /** Returns the resource that an audience names, with or without a trailing slash. */
  resourceOf(audience: string): string | undefined {
    const url = URL.parse(audience);
    // A query or a fragment would make it another resource (RFC 8707 § 2).
    if (url === null || /[?#]/.test(audience)) return undefined;
    return this.#resources.get(identifierOf(url, ''));
  }

  /**
   * Returns the scopes that a request to this place needs from every authorization server.
   * @param more those that it needs beside them; by default what is enough to use something of the binding
   */
  requiredScopes(place: string, more?: readonly string[]): readonly string[] {
    const [first, ...others] = this.#options.servers.map(({ requiredScopes }) => requiredScopes);
    const ofAllServers = (first ?? []).filter(scope => others.every(scopes => scopes.includes(scope)));
    const found = this.#at(place);
    return sorted([...ofAllServers, ...(found?.requiredScopes ?? []), ...(more ?? found?.entryScopes ?? [])]);
  }

  /** Returns the URL of the metadata of the binding at this place. */
  metadataUrl(place: string): string | undefined {
    const found = this.#at(place);
    if (this.#base === undefined || found === undefined) return undefined;
    const { origin, pathname } = new URL(identifierAt(this.#base, found));
    return `${origin}${wellKnown}${pathname}`;
  }

  /** Returns the metadata of the binding at this place (RFC 9728 § 2). */
  metadata(place: string): object | undefined {
    const found = this.#at(place);
    if (this.#base === undefined || found === undefined) return undefined;
    const { servers } = this.#options;
    const ofServers = servers.flatMap(server => server.requiredScopes);
    const scopes = sorted([...ofServers, ...found.requiredScopes, ...found.ruleScopes.flat()]);
    return {
      resource: identifierAt(this.#base, found),
      authorization_servers: servers.map(({ issuer }) => issuer),
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
      ...(found.name !== undefined && { resource_name: found.name }),
    };
  }

  /**
   * Returns the paths at which metadata is served, with the path of the binding that each is about: between host and
   * path (RFC 9728 § 3.1), and for `/mcp` also without a path. A proxy may keep the path of the public URL, or remove it.
   */
  get metadataPaths(): ReadonlyMap<string, string> {
    const { publicUrl } = this.#options;
    const paths = new Set(this.#options.paths.map(({ path }) => path));
    const prefixes = new Set(['', withoutSlash(publicUrl === undefined ? '' : new URL(publicUrl).pathname)]);
    const found = new Map<string, string>(paths.has('/mcp') ? [[wellKnown, '/mcp']] : []);
    for (const path of paths) {
      for (const prefix of prefixes) found.set(`${wellKnown}${prefix}${path}`, path);
    }
    return found;
  }

  #at(place: string): ResourcePath | undefined {
    return this.#places.get(withoutSlash(place));
  }
}

/** Returns the one spelling of a resource: scheme and host in lower case, no trailing slash. */
const identifierOf = ({ origin, pathname }: URL, path: string) => `${origin}${withoutSlash(pathname)}${path}`;

/** Returns the identifier of a URL. A host of its own has the scheme, the port and the path of the public URL. */
function identifierAt(base: URL, { host, path }: ResourcePath): string {
  if (host === undefined) return identifierOf(base, path);
  const port = host.includes(':') || base.port === '' ? '' : `:${base.port}`;
  return identifierOf(new URL(`${base.protocol}//${host}${port}${base.pathname}`), path);
}

const withoutSlash = (path: string) => (path.endsWith('/') ? path.slice(0, -1) : path);

const sorted = (scopes: readonly string[]) => [...new Set(scopes)].sort();
