import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isDigest } from '@sallyport/host/core';
import { blobFile, type ImageLayout, manifestLimit, mediaType, readBounded } from '@sallyport/host/source';
import { parseRange } from './byte-range.ts';
import { DistributionError, refuse } from './distribution-error.ts';
import { createRepositoryStore, referrersIndex } from './repository-store.ts';
import { createUploadStore, type UploadLimits } from './upload-store.ts';

/** One request: its repository, the rest of its path, and its query. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly repository: string;
  readonly last: string;
  readonly query: URLSearchParams;
}

type Endpoint = (exchange: Exchange) => Promise<void>;

const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const route = new RegExp(
  `^/v2/(?<repository>${component}(?:/${component})*)/(?<kind>manifests|blobs/uploads|blobs|tags|referrers)/(?<last>[^/]*)$`,
);

/** Settings in which registries differ within the spec. */
export interface Customs {
  /** Whether the referrers API is available. */
  readonly referrers: boolean;
  /** The largest page size of a tag list. */
  readonly tagsPerPage: number;
}

/** Creates a handler for the endpoints of the OCI distribution spec (§ Endpoints) over an image layout. */
export function createDistributionHandler(layout: ImageLayout, limits: UploadLimits, customs: Customs) {
  const repositories = createRepositoryStore(layout);
  const uploads = createUploadStore(layout, limits);
  const uploadPath = (repository: string, id: string) => `/v2/${repository}/blobs/uploads/${id}`;

  const getManifest: Endpoint = async ({ request, response, repository, last }) => {
    const { descriptor, bytes } = await repositories.manifest(repository, last);
    response.writeHead(200, {
      'content-type': descriptor.mediaType,
      'content-length': bytes.byteLength,
      'docker-content-digest': descriptor.digest,
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  };

  const putManifest: Endpoint = async ({ request, response, repository, last }) => {
    const bytes = await readBounded(request, manifestLimit, () => refuse('SIZE_INVALID', 'more than 4 MiB'));
    const type = request.headers['content-type']?.split(';')[0]?.trim() ?? '';
    const { digest, subject } = await repositories.put(repository, last, type, bytes);
    response.writeHead(201, {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(subject !== undefined && customs.referrers && { 'oci-subject': subject }),
    });
    response.end();
  };

  const deleteManifest: Endpoint = async ({ response, repository, last }) => {
    await repositories.remove(repository, last);
    response.writeHead(202).end();
  };

  const getBlob: Endpoint = async ({ request, response, last }) => {
    if (!isDigest(last)) return refuse('DIGEST_INVALID', `${last} is not sha256:<64 hex digits>`);
    const size = await layout.size(last);
    if (size === undefined) return refuse('BLOB_UNKNOWN', `no blob ${last}`);
    const range = parseRange(request.headers.range, size);
    if (range === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${size}`);
      return refuse('BLOB_UPLOAD_INVALID', `the blob is ${size} bytes`, 416);
    }
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': range ? range.end - range.start + 1 : size,
      'docker-content-digest': last,
      'accept-ranges': 'bytes',
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(blobFile(layout.directory, last), range), response);
  };

  const deleteBlob: Endpoint = async ({ response, last }) => {
    if (!isDigest(last)) return refuse('DIGEST_INVALID', `${last} is not sha256:<64 hex digits>`);
    if ((await layout.size(last)) === undefined) refuse('BLOB_UNKNOWN', `no blob ${last}`);
    await layout.remove(last);
    response.writeHead(202).end();
  };

  /** Ends an upload, with or without a last chunk in the body. */
  const finish = async ({ request, response, repository, query }: Exchange, id: string) => {
    await uploads.append(repository, id, request, firstByte(request));
    const digest = await uploads.finish(repository, id, query.get('digest') ?? '');
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }).end();
  };

  const beginUpload: Endpoint = async exchange => {
    const { response, repository, query } = exchange;
    const id = await uploads.begin(repository);
    if (query.has('digest')) return finish(exchange, id);
    // `?mount=` gets the same answer: 202 means that the blob must be uploaded, which is always allowed.
    response.writeHead(202, { location: uploadPath(repository, id), 'docker-upload-uuid': id, range: '0-0' }).end();
  };

  const progress = ({ response, repository, last }: Exchange, status: number) => {
    const size = uploads.size(repository, last);
    const range = `0-${Math.max(0, size - 1)}`;
    response.writeHead(status, { location: uploadPath(repository, last), 'docker-upload-uuid': last, range }).end();
  };

  const patchUpload: Endpoint = async exchange => {
    const { request, repository, last } = exchange;
    await uploads.append(repository, last, request, firstByte(request));
    progress(exchange, 202);
  };

  const cancelUpload: Endpoint = async ({ response, repository, last }) => {
    await uploads.cancel(repository, last);
    response.writeHead(204).end();
  };

  const listTags: Endpoint = async ({ response, repository, last, query }) => {
    if (last !== 'list') refuse('UNSUPPORTED', 'only tags/list is supported', 404);
    const after = query.get('last') ?? '';
    const tags = (await repositories.tags(repository)).filter(tag => tag > after);
    const asked = query.has('n') ? Number(query.get('n')) : tags.length;
    if (!Number.isSafeInteger(asked) || asked < 0) refuse('UNSUPPORTED', 'n must be a number of tags', 400);
    const count = Math.min(asked, customs.tagsPerPage);
    const page = tags.slice(0, count);
    const next = page.at(-1);
    if (next !== undefined && page.length < tags.length) {
      response.setHeader('link', `</v2/${repository}/tags/list?n=${count}&last=${next}>; rel="next"`);
    }
    send(response, 'application/json', JSON.stringify({ name: repository, tags: page }));
  };

  const listReferrers: Endpoint = async ({ response, repository, last, query }) => {
    if (!customs.referrers) {
      // ghcr.io redirects like this. Nothing listens at the target.
      response.writeHead(303, { location: 'http://localhost:1/packages' }).end();
      return;
    }
    if (!isDigest(last)) return refuse('DIGEST_INVALID', `${last} is not sha256:<64 hex digits>`);
    const all = await repositories.referrers(repository, last);
    const type = query.get('artifactType');
    if (type !== null) response.setHeader('oci-filters-applied', 'artifactType');
    const found = all.filter(({ artifactType }) => type === null || artifactType === type);
    send(response, mediaType.imageIndex, referrersIndex(found));
  };

  const endpoints: Readonly<Record<string, Endpoint | undefined>> = {
    'GET manifests': getManifest,
    'HEAD manifests': getManifest,
    'PUT manifests': putManifest,
    'DELETE manifests': deleteManifest,
    'GET blobs': getBlob,
    'HEAD blobs': getBlob,
    'DELETE blobs': deleteBlob,
    'POST blobs/uploads': beginUpload,
    'GET blobs/uploads': async exchange => progress(exchange, 204),
    'PATCH blobs/uploads': patchUpload,
    'PUT blobs/uploads': exchange => finish(exchange, exchange.last),
    'DELETE blobs/uploads': cancelUpload,
    'GET tags': listTags,
    'GET referrers': listReferrers,
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(request, response);
    } catch (error) {
      fault(response, error);
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '', 'http://registry');
    if (url?.pathname === '/v2/' || url?.pathname === '/v2') return send(response, 'application/json', '{}');
    const { repository, kind, last } = route.exec(url?.pathname ?? '')?.groups ?? {};
    if (!url || !repository || last === undefined) return refuse('NAME_INVALID', 'not a path of this API', 404);
    const endpoint =
      endpoints[`${request.method} ${kind}`] ?? refuse('UNSUPPORTED', `${request.method} is not supported here`);
    await endpoint({ request, response, repository, last: decode(last), query: url.searchParams });
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return refuse('NAME_INVALID', 'invalid percent-encoding');
  }
}

/** Returns the offset of a chunk's first byte. */
function firstByte(request: IncomingMessage): number | undefined {
  const field = request.headers['content-range'];
  if (field === undefined) return undefined;
  const [, first] =
    /^(?:bytes[ =])?(\d+)-\d+/.exec(field) ?? refuse('BLOB_UPLOAD_INVALID', 'Content-Range must be <start>-<end>');
  return Number(first);
}

function send(response: ServerResponse, type: string, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function fault(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const known =
    error instanceof DistributionError ? error : new DistributionError('UNSUPPORTED', 'internal error', 500);
  response.setHeader('connection', 'close'); // The rest of a refused body is not read.
  send(response, 'application/json', known.body, known.status);
}
