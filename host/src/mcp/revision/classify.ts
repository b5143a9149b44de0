import type { IncomingHttpHeaders } from 'node:http';
import { cut } from '../../core/cut.ts';
import { Fault } from '../../core/fault.ts';
import { isJsonObject } from '../../core/json.ts';
import type { Body } from '../message.ts';
import type { HttpMethod, RevisionTable } from './revision.ts';

/** The revision that serves a request, or the reason why no revision does. */
export type Classified<R> =
  | { readonly revision: R; readonly refusal?: never }
  | { readonly refusal: Fault; readonly revision?: never };

/**
 * Decides which revision a request belongs to.
 * @param body undefined for GET and DELETE, and for a POST that is judged by its headers before its body is parsed
 */
export type Classify<R> = (method: HttpMethod, headers: IncomingHttpHeaders, body?: Body) => Classified<R>;

/** The member in which a request names its version (MCP 2026-07-28, Versioning § Protocol Version Negotiation). */
const versionInMeta = 'io.modelcontextprotocol/protocolVersion';
/** The version of a request that names none (MCP 2025-11-25, Transports § Protocol Version Header). */
const unstatedVersion = '2025-03-26';

/**
 * Creates the pure function that decides between `revisions`. In this order:
 * 1. `initialize` goes to the revision that starts with it; the version is negotiated there.
 * 2. Otherwise the version is the one in `_meta`, else the one in the header `MCP-Protocol-Version`, else 2025-03-26,
 * which
 *    has no such header. An unsupported version is refused with the list of supported ones.
 * 3. `server/discover` is refused in versions that do not have it.
 * 4. An HTTP method that the revision does not have is refused.
 *
 * `Mcp-Session-Id` is not considered, because newer versions ignore it.
 */
export function createClassify<R extends RevisionTable>(revisions: readonly R[]): Classify<R> {
  const byVersion = new Map(revisions.flatMap(revision => revision.versions.map(version => [version, revision])));
  const withHandshake = revisions.find(({ opening }) => opening === 'initialize');

  const refuseVersion = (requested: unknown): Classified<R> => ({
    refusal: new Fault('revision_unknown', {
      requested: cut(String(requested ?? ''), 100),
      supported: [...byVersion.keys()],
      hint: howToBegin(withHandshake, byVersion.keys()),
    }),
  });

  return (method, headers, body) => {
    const request = body?.kind === 'request' ? body : undefined;
    if (request?.method === 'initialize') {
      return withHandshake === undefined ? refuseVersion(request.params.protocolVersion) : { revision: withHandshake };
    }
    const { [versionInMeta]: meta } = isJsonObject(request?.params._meta) ? request.params._meta : {};
    const inMeta = typeof meta === 'string' ? meta : undefined;
    if (inMeta !== undefined && !byVersion.has(inMeta)) return refuseVersion(inMeta);
    const { 'mcp-protocol-version': inHeader } = headers;
    if (inHeader !== undefined && !byVersion.has(String(inHeader))) return refuseVersion(inHeader);
    const stated = inMeta ?? (inHeader === undefined ? undefined : String(inHeader));
    const revision = byVersion.get(stated ?? unstatedVersion);
    if (revision === undefined) return refuseVersion(stated);
    if (request?.method === 'server/discover' && revision.opening !== 'server/discover') return refuseVersion(stated);
    if (revision.httpMethods.includes(method)) return { revision };
    return { refusal: new Fault('http_method_refused', { method, allow: revision.httpMethods.join(', ') }) };
  };
}

const howToBegin = (withHandshake: RevisionTable | undefined, all: Iterable<string>) =>
  withHandshake === undefined
    ? `use one of the versions ${[...all].join(', ')}`
    : `send \`initialize\` with one of ${withHandshake.versions.join(', ')}`;
