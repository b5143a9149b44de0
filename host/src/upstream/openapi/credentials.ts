import { Fault } from '../../core/fault.ts';
import type { HeaderList } from '../../core/http-header.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import type { SentCredentials } from './call/build-request.ts';
import { encoded } from './call/percent-encode.ts';
import type { OpenapiDocument } from './document/openapi-document.ts';
import type { Operation } from './operation/operation.ts';

/** Where the secret of one security scheme is sent. */
type Place =
  | { readonly kind: 'header'; readonly name: string; readonly written: (secret: string) => string }
  | { readonly kind: 'query' | 'cookie'; readonly name: string };

export interface CredentialsOptions {
  readonly upstream: string;
  /** The name of a secret for each security scheme. */
  readonly security: Readonly<Record<string, string>>;
  /** Reads a secret of the configuration now; undefined when it cannot be read. */
  readonly secret: (name: string) => string | undefined;
}

/** The secrets of an API, by the security schemes of its document. */
export class ApiCredentials {
  readonly mask = new SecretMask();
  readonly #options: CredentialsOptions;
  readonly #places: ReadonlyMap<string, Place>;

  /** @throws Fault `openapi_unusable` for a scheme that the document does not have, or whose secret has no place */
  constructor(document: OpenapiDocument, options: CredentialsOptions) {
    this.#options = options;
    this.#places = new Map(
      Object.keys(options.security).map(scheme => {
        const place = placeOf(schemeOf(document, scheme));
        if (place !== undefined) return [scheme, place];
        const known = schemesOf(document).filter(name => placeOf(schemeOf(document, name)) !== undefined);
        const hint = `the document has no security scheme ${scheme} for a secret; those it has: ${known.join(', ') || 'none'}`;
        throw new Fault('openapi_unusable', { upstream: options.upstream, path: `openapi.security.${scheme}`, hint });
      }),
    );
  }

  /** Whether an operation can be sent with the credentials that are configured. */
  satisfies({ security }: Operation, hasAuth: boolean): boolean {
    return security.length === 0 || security.some(schemes => schemes.every(each => hasAuth || this.#places.has(each)));
  }

  /**
   * Returns the credentials of the first alternative of an operation whose secrets are all configured. One with none,
   * which makes the others optional, counts only if no other does.
   */
  for({ security }: Operation, hasAuth: boolean): SentCredentials {
    const usable = security.filter(schemes => schemes.every(each => hasAuth || this.#places.has(each)));
    const schemes = usable.find(each => each.some(scheme => this.#places.has(scheme))) ?? [];
    const headers: [string, string][] = [];
    const query: string[] = [];
    const cookies: string[] = [];
    for (const scheme of schemes) {
      const place = this.#places.get(scheme);
      if (place === undefined) continue;
      const secret = this.#secretOf(scheme);
      if (place.kind === 'header') headers.push([place.name, place.written(secret)]);
      else (place.kind === 'query' ? query : cookies).push(`${encoded(place.name)}=${encoded(secret)}`);
    }
    return { headers, query, cookies };
  }

  #secretOf(scheme: string): string {
    const { upstream, security, secret } = this.#options;
    const name = security[scheme] ?? '';
    const value = secret(name);
    if (value === undefined) {
      throw new Fault('upstream_auth_failed', { upstream, hint: `the secret ${name} cannot be read now` });
    }
    this.mask.learn(value);
    return value;
  }
}

const noHeaders: HeaderList = [];
export const noCredentials: SentCredentials = { headers: noHeaders, query: [], cookies: [] };

function schemesOf({ root }: OpenapiDocument): readonly string[] {
  const schemes = isJsonObject(root.components) ? root.components.securitySchemes : undefined;
  return isJsonObject(schemes) ? Object.keys(schemes) : [];
}

function schemeOf(document: OpenapiDocument, name: string): JsonObject {
  const { components } = document.root;
  const schemes =
    isJsonObject(components) && isJsonObject(components.securitySchemes) ? components.securitySchemes : {};
  const written = Object.hasOwn(schemes, name) ? schemes[name] : undefined;
  const value = document.follow(written, `${document.url}#/components/securitySchemes/${name}`)?.value;
  return value !== undefined && isJsonObject(value) ? value : {};
}

/** Returns where a scheme wants its secret (OpenAPI § Security Scheme Object); undefined for one that is not a secret. */
function placeOf({ type, in: place, name, scheme }: JsonObject): Place | undefined {
  if (type === 'apiKey' && typeof name === 'string' && name !== '') {
    if (place === 'header') return { kind: 'header', name: name.toLowerCase(), written: secret => secret };
    return place === 'query' || place === 'cookie' ? { kind: place, name } : undefined;
  }
  const authorization = { kind: 'header', name: 'authorization' } as const;
  if (type === 'oauth2' || type === 'openIdConnect') return { ...authorization, written: secret => `Bearer ${secret}` };
  if (type !== 'http' || typeof scheme !== 'string') return undefined;
  const isBasic = scheme.toLowerCase() === 'basic';
  if (isBasic) return { ...authorization, written: secret => `Basic ${Buffer.from(secret).toString('base64')}` };
  return { ...authorization, written: secret => `${scheme.toLowerCase() === 'bearer' ? 'Bearer' : scheme} ${secret}` };
}
