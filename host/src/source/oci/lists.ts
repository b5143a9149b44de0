import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { fail } from '../../core/fault.ts';
import type { Descriptor } from '../descriptor.ts';
import { manifestLimit, parseIndex } from '../manifest.ts';
import { mediaType } from '../media-type.ts';
import { readBounded } from '../read-verified-body.ts';
import type { Repository, RepositoryCall } from './repository.ts';
import type { Answer } from './transport.ts';

/**
 * Statuses of registries without the referrers API. The specification says 404; ghcr.io redirects to a page for people
 * on another host.
 */
const withoutReferrers: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 400, 404, 405, 501]);
const pageLimit = 20;
/** Tags that are asked for at once. Registries may return fewer. */
const tagsPerPage = 1000;

const tagListSchema = z.object({ tags: z.array(z.string()).nullable() });

/** Lists what refers to a manifest (§ Listing referrers). @throws as `OciClient.referrers` */
export async function listReferrers(
  repository: Repository,
  subject: Digest,
  artifactType?: string,
  signal?: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const first = repository.at(`referrers/${subject}`);
  if (artifactType !== undefined) first.searchParams.set('artifactType', artifactType);
  const list = { first, accept: mediaType.imageIndex, what: 'referrers' };
  const pages = await everyPage(repository, list, answer => readReferrers(repository, answer), signal);
  // A registry that stops answering after the first page is treated as if the list ended there.
  if (pages[0] === undefined) return undefined;
  const found = pages.flatMap(page => page ?? []);
  return artifactType === undefined ? found : found.filter(each => each.artifactType === artifactType);
}

/** Lists tags (§ Listing tags). @throws as `OciClient.tags` */
export async function listTags(repository: Repository, signal?: AbortSignal): Promise<readonly string[]> {
  const first = repository.at('tags/list');
  first.searchParams.set('n', String(tagsPerPage));
  const list = { first, accept: 'application/json', what: 'tags' };
  return (await everyPage(repository, list, answer => readTags(repository, answer), signal)).flat();
}

/** Reads each page of a list. A page that is `undefined` ends it. @throws Fault `registry_answer` beyond 20 pages */
async function everyPage<T>(
  repository: Repository,
  { first, accept, what }: { readonly first: URL; readonly accept: string; readonly what: string },
  read: (answer: Answer) => Promise<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  const take = async (answer: Answer) => ({ page: await read(answer), next: nextPage(repository, answer) });
  let url: URL | undefined = first;
  while (url !== undefined) {
    if (found.length === pageLimit) {
      fail('registry_answer', { reference: repository.reference, what: `more than ${pageLimit} pages of ${what}` });
    }
    const call: RepositoryCall = { method: 'GET', url, headers: { accept }, stays: true, scope: repository.pull };
    const { page, next }: { page: T; next: URL | undefined } = await repository.retry(
      () => repository.send(call, take, signal),
      signal,
    );
    found.push(page);
    url = page === undefined ? undefined : next;
  }
  return found;
}

/** Returns where `Link` says that the next page is (RFC 8288), on the registry's own host. @throws Fault `redirect_refused` */
function nextPage({ registry, reference }: Repository, { headers }: Answer): URL | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1];
  const next = link === undefined ? null : URL.parse(link, registry.href);
  if (next && next.origin !== registry.origin) {
    fail('redirect_refused', { reference, from: registry.origin, what: 'its next page is on another host' });
  }
  return next ?? undefined;
}

async function readReferrers(repository: Repository, answer: Answer): Promise<readonly Descriptor[] | undefined> {
  if (withoutReferrers.has(answer.status)) return undefined;
  const { reference } = repository;
  const { headers, body } = await repository.expect(answer, 200);
  const bytes = await readBounded(body, manifestLimit, () =>
    fail('manifest_too_large', { reference, limit: manifestLimit }),
  );
  // A registry that answers every path with a page for people has no such API either.
  if (headers.get('content-type')?.split(';')[0]?.trim() !== mediaType.imageIndex) return undefined;
  return parseIndex(bytes, reference).manifests;
}

async function readTags(repository: Repository, answer: Answer): Promise<readonly string[]> {
  const { body } = await repository.expect(answer, 200);
  const bytes = await readBounded(body, manifestLimit, () => repository.refuse('a list of tags of more than 4 MiB'));
  try {
    return tagListSchema.parse(JSON.parse(Buffer.from(bytes).toString())).tags ?? [];
  } catch {
    return repository.refuse('the response is not a list of tags');
  }
}
