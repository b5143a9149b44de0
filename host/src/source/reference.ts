import { type Digest, isDigest } from '../core/digest.ts';
import { fail } from '../core/fault.ts';

/** Names one artifact in a registry, as the OCI distribution spec does (§ Definitions, "reference"). */
export interface Reference {
  /** `host[:port]`, lower case; an IPv6 address in brackets. */
  readonly registry: string;
  /** The spec's `<name>`: lower-case path components with slashes between them. */
  readonly repository: string;
  readonly tag?: string;
  /** Takes precedence over the tag. */
  readonly digest?: Digest;
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const pattern = new RegExp(
  `^(?<registry>(?:${label}(?:\\.${label})*|\\[[0-9a-f:.]+\\])(?::[0-9]{1,5})?)` +
    `/(?<repository>${component}(?:/${component})*)` +
    '(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?' +
    '(?:@(?<digest>[a-z0-9]+:[0-9a-f]+))?$',
);
const hint = 'write registry/repository:tag, for example ghcr.io/acme/redact-emails:0.1.0';

/**
 * Parses `ghcr.io/acme/redact:0.1.0` or `…@sha256:…`. A name without a registry is refused, because the registry
 * decides whom we trust; so is a name without tag and digest, because `latest` would be a guess.
 * @throws Fault `reference_invalid`
 */
export function parseReference(text: string): Reference {
  const refuse = (what: string, todo = hint) => fail('reference_invalid', { reference: text, what, hint: todo });
  if (text.length > 1024) refuse('longer than 1024 characters');
  const slash = text.indexOf('/');
  const lowered = slash < 0 ? text : text.slice(0, slash).toLowerCase() + text.slice(slash);
  const { registry, repository, tag, digest } = pattern.exec(lowered)?.groups ?? {};
  if (registry === undefined || repository === undefined) return refuse('not an OCI reference');
  if (!/[.:[]/.test(registry) && registry !== 'localhost') return refuse(`"${registry}" is not the name of a registry`);
  const { host } = URL.parse(`https://${registry}`) ?? {};
  if (host === undefined) return refuse(`"${registry}" is not a host`);
  // Trust, logins and plain http depend on the name, and `127.1` or `a.example:0443` would be reached under another one.
  if (host !== registry && `${host}:443` !== registry) return refuse(`"${registry}" must be written ${host}`);
  if (repository.length > 255) return refuse('the repository is longer than 255 characters');
  if (digest !== undefined && !isDigest(digest)) return refuse('the digest is not sha256:<64 hex digits>');
  if (tag === undefined && digest === undefined) return refuse('it has neither a tag nor a digest');
  return { registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** Formats a reference as `parseReference` reads it. */
export const formatReference = ({ registry, repository, tag, digest }: Reference): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
