/** A binding at one of its paths. */
export interface ResourcePath {
  readonly binding: string;
  /** The scopes that every request to the binding needs. */
  readonly requiredScopes: readonly string[];
  /** The scopes of rules that are about any caller with a token, by rule. They are published. */
  readonly ruleScopes: readonly (readonly string[])[];
  /** Scopes that are enough to use something of the binding; empty if callers may need none. */
  readonly entryScopes: readonly string[];
}

export interface ProtectedResourcesOptions {
  /** The bindings by path, such as `/mcp/main`, without a trailing slash. */
  readonly paths: ReadonlyMap<string, ResourcePath>;
  /** The URL that clients use; otherwise the address that the gateway listens on. */
  readonly publicUrl?: string | undefined;
  /** The authorization servers, with the scopes that their tokens need at every binding. */
  readonly servers: readonly { readonly issuer: string; readonly requiredScopes: readonly string[] }[];
}

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * The bindings as protected resources of OAuth (RFC 8707, RFC 9728). Each path of a binding is a resource with an
 * identifier and metadata of its own, because a client accepts only the metadata of the URL that it uses.
 */
export class ProtectedResources {
  readonly #options: ProtectedResourcesOptions;
  #base: URL | undefined;
  #bindings = new Map<string, string>();

  constructor(options: ProtectedResourcesOptions) {
    this.#options = options;
    if (options.publicUrl !== undefined) this.#setBase(options.publicUrl);
  }

  /** Must be called with the URL of the address that the gateway listens on, once it is known. */
  listenOn(url: string): void {
    if (this.#options.publicUrl === undefined) this.#setBase(url);
  }

  #setBase(url: string): void {
    const base = new URL(url);
    this.#base = base;
    const paths = [...this.#options.paths];
    this.#bindings = new Map(paths.map(([path, { binding }]) => [identifierOf(base, path), binding]));
  }

  /** Returns the id of the binding that an audience names, with or without a trailing slash. */
  bindingOf(audience: string): string | undefined {
    const url = URL.parse(audience);
    // A query or a fragment would make it another resource (RFC 8707 § 2).
    if (url === null || /[?#]/.test(audience)) return undefined;
    return this.#bindings.get(identifierOf(url, ''));
  }

  /**
   * Returns the scopes that a request to this path needs from every authorization server.
   * @param more those that it needs beside them; by default what is enough to use something of the binding
   */
  requiredScopes(path: string, more?: readonly string[]): readonly string[] {
    const [first, ...others] = this.#options.servers.map(({ requiredScopes }) => requiredScopes);
    const ofAllServers = (first ?? []).filter(scope => others.every(scopes => scopes.includes(scope)));
    const found = this.#at(path);
    return sorted([...ofAllServers, ...(found?.requiredScopes ?? []), ...(more ?? found?.entryScopes ?? [])]);
  }

  /** Returns the URL of the metadata of the binding at this path. */
  metadataUrl(path: string): string | undefined {
    if (this.#base === undefined || this.#at(path) === undefined) return undefined;
    const { origin, pathname } = new URL(identifierOf(this.#base, withoutSlash(path)));
    return `${origin}${wellKnown}${pathname}`;
  }

  /** Returns the metadata of the binding at this path (RFC 9728 § 2). */
  metadata(path: string): object | undefined {
    const found = this.#at(path);
    if (this.#base === undefined || found === undefined) return undefined;
    const { servers } = this.#options;
    const ofServers = servers.flatMap(server => server.requiredScopes);
    const scopes = sorted([...ofServers, ...found.requiredScopes, ...found.ruleScopes.flat()]);
    return {
      resource: identifierOf(this.#base, withoutSlash(path)),
      authorization_servers: servers.map(({ issuer }) => issuer),
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
      resource_name: found.binding,
    };
  }

  /**
   * Returns the paths at which metadata is served, with the path of the binding that each is about: between host and
   * path (RFC 9728 § 3.1), and for `/mcp` also without a path. A proxy may keep the path of the public URL, or remove it.
   */
  get metadataPaths(): ReadonlyMap<string, string> {
    const { paths, publicUrl } = this.#options;
    const prefixes = new Set(['', withoutSlash(publicUrl === undefined ? '' : new URL(publicUrl).pathname)]);
    const found = new Map<string, string>(paths.has('/mcp') ? [[wellKnown, '/mcp']] : []);
    for (const path of paths.keys()) {
      for (const prefix of prefixes) found.set(`${wellKnown}${prefix}${path}`, path);
    }
    return found;
  }

  #at(path: string): ResourcePath | undefined {
    return this.#options.paths.get(withoutSlash(path));
  }
}

/** Returns the one spelling of a resource: scheme and host in lower case, no trailing slash. */
const identifierOf = ({ origin, pathname }: URL, path: string) => `${origin}${withoutSlash(pathname)}${path}`;

const withoutSlash = (path: string) => (path.endsWith('/') ? path.slice(0, -1) : path);

const sorted = (scopes: readonly string[]) => [...new Set(scopes)].sort();
