import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { type FaultDetails, fail } from '../../core/fault.ts';
import { type Descriptor, describe } from '../descriptor.ts';
import { manifestLimit, parseIndex } from '../manifest.ts';
import { acceptManifest, isManifest, mediaType } from '../media-type.ts';
import { readBounded, readExactly } from '../read-body.ts';
import { formatReference, type Reference } from '../reference.ts';
import { createAuthorizer } from './authorizer.ts';
import { type Credentials, dockerCredentials } from './docker-config.ts';
import { defaultPatience, type Patience } from './patience.ts';
import { type AddressPolicy, isFollowed, registryUrl } from './registry-address.ts';
import { withRetries } from './retry.ts';
import { type Answer, type Call, createTransport } from './transport.ts';

export interface OciClientOptions extends AddressPolicy {
  /** Who we are at the registry. Docker's own configuration unless said otherwise. */
  readonly credentials?: Credentials;
  readonly patience?: Partial<Patience>;
  /** Told of how much of a blob has come or gone. */
  readonly progress?: ((moved: Moved) => void) | undefined;
}

/** How far one blob is: bytes. */
export interface Moved {
  readonly digest: Digest;
  readonly done: number;
  readonly total: number;
}

/** A manifest with its bytes, which are what the digest is over. */
export interface RegistryManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface PushedManifest {
  readonly digest: Digest;
  /** Whether the registry will list it among the referrers of its subject (§ Pushing Manifests with Subject). */
  readonly listed: boolean;
}

/**
 * Speaks the OCI distribution spec with one repository of one registry.
 * Everything it throws is a Fault with the reference, or the reason of `signal`.
 */
export interface OciClient {
  /**
   * § Pulling manifests. By the tag, or by the digest when there is one.
   * @throws Fault `manifest_too_large`, `digest_mismatch`, `manifest_invalid`, and those of every call:
   * `artifact_not_found`, `registry_denied`, `registry_answer`, `registry_unreachable`, `registry_tls`,
   * `redirect_refused`, `challenge_invalid`, `token_realm_untrusted`, `token_refused`
   */
  manifest(by: string, signal?: AbortSignal): Promise<RegistryManifest>;
  /**
   * § Pulling blobs, and manifests by digest. What it yields has the descriptor's size and digest.
   * @throws Fault `size_mismatch`, `digest_mismatch`, and those of every call
   */
  read(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array>;
  /** § Pushing blobs, POST then PUT; not sent when the registry has it already. */
  pushBlob(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** § Pushing manifests. `by` is a tag, or the digest of the bytes. */
  pushManifest(bytes: Uint8Array, mediaType: string, by: string, signal?: AbortSignal): Promise<PushedManifest>;
  /**
   * § Listing referrers: those of the referrers API, filtered by type where the registry can, and all of its pages;
   * undefined where the registry has no such API.
   * @throws Fault `manifest_too_large`, `manifest_invalid`, `registry_answer` for pages without an end
   */
  referrers(subject: Digest, artifactType?: string, signal?: AbortSignal): Promise<readonly Descriptor[] | undefined>;
  /**
   * § Listing tags: all of its pages, in the order of the registry.
   * @throws Fault `registry_answer` for what is no list, or has no end, and those of every call
   */
  tags(signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * What registries without the referrers API answer. 404 is the spec's word for it; ghcr.io sends whoever asks to a page
 * for people on another host.
 */
const withoutReferrers: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 400, 404, 405, 501]);
const pageLimit = 20;
/** Tags that we ask for at once. Registries may give fewer. */
const tagsPerPage = 1000;

const tagListSchema = z.object({ tags: z.array(z.string()).nullable() });

const errorBodySchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

export function createOciClient(target: Reference, options: OciClientOptions = {}): OciClient {
  const { credentials = dockerCredentials(), patience: given, progress, ...policy } = options;
  const patience = { ...defaultPatience, ...given };
  const reference = formatReference(target);
  const about: FaultDetails & { reference: string } = { reference };
  const registry = registryUrl(target.registry, policy);
  const { repository } = target;
  const authorizer = createAuthorizer({ registry: target.registry, repository, url: registry, credentials, ...policy });
  const transport = createTransport({ url: registry, authorizer, patience, ...policy });
  const at = (path: string) => new URL(`/v2/${target.repository}/${path}`, registry);
  const pull = `repository:${target.repository}:pull`;
  const push = `repository:${target.repository}:pull,push`;

  const persist = <T>(attempt: () => Promise<T>, signal?: AbortSignal) => withRetries(attempt, patience, about, signal);

  const get = <T>(
    path: string,
    headers: Record<string, string>,
    take: (answer: Answer) => Promise<T>,
    signal?: AbortSignal,
  ) =>
    persist(() => {
      const call: Call = { method: 'GET', url: at(path), headers, scope: pull, reference };
      return transport(call, async answer => take(await expectStatus(answer, 200)), signal);
    }, signal);

  /** @throws Fault `artifact_not_found`, `registry_denied`, `registry_answer` */
  async function expectStatus(answer: Answer, ...wanted: number[]): Promise<Answer> {
    if (wanted.includes(answer.status)) return answer;
    const details = { ...about, registry: registry.host, status: answer.status, ...(await errorOf(answer)) };
    if (answer.status === 404) return fail('artifact_not_found', details);
    if (answer.status === 401 || answer.status === 403) {
      return fail('registry_denied', { ...details, login: authorizer.from ?? 'none' });
    }
    return fail('registry_answer', details);
  }

  return {
    manifest: (by, signal) =>
      get(
        `manifests/${by}`,
        { accept: acceptManifest },
        async ({ headers, body }) => {
          const bytes = await readBounded(body, manifestLimit, () =>
            fail('manifest_too_large', { ...about, limit: manifestLimit }),
          );
          const type = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
          const descriptor = describe(type, bytes);
          for (const stated of [headers.get('docker-content-digest'), by]) {
            if (stated !== null && isDigest(stated) && stated !== descriptor.digest) {
              fail('digest_mismatch', { ...about, digest: stated, actual: descriptor.digest });
            }
          }
          if (!isManifest(type)) fail('manifest_invalid', { ...about, what: `its type is ${type || 'not stated'}` });
          return { descriptor, bytes };
        },
        signal,
      ),

    read: (descriptor, signal) => {
      const manifest = isManifest(descriptor.mediaType);
      const headers = { accept: manifest ? acceptManifest : '*/*' };
      const path = `${manifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
      const take = ({ body }: Answer) => readExactly(counted(body, descriptor), descriptor, reference);
      return get(path, headers, take, signal);
    },

    async pushBlob(bytes, signal) {
      const { digest } = describe('', bytes);
      const shared = { scope: push, reference };
      await persist(async () => {
        const held = await transport(
          { ...shared, method: 'HEAD', url: at(`blobs/${digest}`) },
          async ({ status }) => status === 200,
          signal,
        );
        if (held) return;
        const url = await transport(
          { ...shared, method: 'POST', url: at('blobs/uploads/'), headers: { 'content-length': '0' } },
          async answer => uploadUrl(await expectStatus(answer, 202)),
          signal,
        );
        url.searchParams.set('digest', digest);
        const headers = { 'content-type': 'application/octet-stream' };
        const sent = (done: number) => progress?.({ digest, done, total: bytes.byteLength });
        const call: Call = { ...shared, method: 'PUT', url, headers, body: bytes, sent };
        await transport(call, answer => expectStatus(answer, 201), signal);
      }, signal);
    },

    async pushManifest(bytes, type, by, signal) {
      const { digest } = describe(type, bytes);
      const headers = { 'content-type': type };
      const call: Call = { method: 'PUT', url: at(`manifests/${by}`), headers, body: bytes, scope: push, reference };
      const answered = async (answer: Answer) => (await expectStatus(answer, 201)).headers.has('oci-subject');
      return { digest, listed: await persist(() => transport(call, answered, signal), signal) };
    },

    async referrers(subject, artifactType, signal) {
      const first = at(`referrers/${subject}`);
      if (artifactType !== undefined) first.searchParams.set('artifactType', artifactType);
      const pages = await everyPage(first, mediaType.imageIndex, 'referrers', readReferrers, signal);
      // What stops to answer after its first page is as good as one that ends there.
      if (pages[0] === undefined) return undefined;
      const found = pages.flatMap(page => page ?? []);
      return artifactType === undefined ? found : found.filter(each => each.artifactType === artifactType);
    },

    async tags(signal) {
      const first = at('tags/list');
      first.searchParams.set('n', String(tagsPerPage));
      return (await everyPage(first, 'application/json', 'tags', readTags, signal)).flat();
    },
  };

  /**
   * What `read` makes of each page of a list; `undefined` ends it. The next page is where `Link` says (RFC 8288), on the
   * registry's own host.
   */
  async function everyPage<T>(
    first: URL,
    accept: string,
    what: string,
    read: (answer: Answer) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const found: T[] = [];
    let url: URL | undefined = first;
    while (url !== undefined) {
      if (found.length === pageLimit)
        fail('registry_answer', { ...about, what: `more than ${pageLimit} pages of ${what}` });
      const call: Call = { method: 'GET', url, headers: { accept }, stays: true, scope: pull, reference };
      const take = async (answer: Answer) => ({ page: await read(answer), next: nextPage(answer) });
      const { page, next }: { page: T; next: URL | undefined } = await persist(
        () => transport(call, take, signal),
        signal,
      );
      found.push(page);
      url = page === undefined ? undefined : next;
    }
    return found;
  }

  async function* counted(body: Answer['body'], { digest, size: total }: Descriptor): AsyncGenerator<Uint8Array> {
    let done = 0;
    for await (const chunk of body ?? []) {
      done += chunk.byteLength;
      progress?.({ digest, done, total });
      yield chunk;
    }
  }

  function nextPage({ headers }: Answer): URL | undefined {
    const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1];
    const next = link === undefined ? null : URL.parse(link, registry.href);
    if (next && next.origin !== registry.origin) {
      fail('redirect_refused', { ...about, from: registry.origin, what: 'its next page is on another host' });
    }
    return next ?? undefined;
  }

  async function readReferrers(answer: Answer): Promise<readonly Descriptor[] | undefined> {
    if (withoutReferrers.has(answer.status)) return undefined;
    const { headers, body } = await expectStatus(answer, 200);
    const bytes = await readBounded(body, manifestLimit, () =>
      fail('manifest_too_large', { ...about, limit: manifestLimit }),
    );
    // What answers every path with a page of its own has no such API either.
    if (headers.get('content-type')?.split(';')[0]?.trim() !== mediaType.imageIndex) return undefined;
    return parseIndex(bytes, reference).manifests;
  }

  async function readTags(answer: Answer): Promise<readonly string[]> {
    const refuse = (what: string): never => fail('registry_answer', { ...about, registry: registry.host, what });
    const { body } = await expectStatus(answer, 200);
    const bytes = await readBounded(body, manifestLimit, () => refuse('a list of tags of more than 4 MiB'));
    try {
      return tagListSchema.parse(JSON.parse(Buffer.from(bytes).toString())).tags ?? [];
    } catch {
      return refuse('the response is not a list of tags');
    }
  }

  function uploadUrl({ headers }: Answer): URL {
    const location = headers.get('location');
    const url = location === null ? null : URL.parse(location, registry.href);
    if (!url)
      return fail('registry_answer', {
        ...about,
        registry: registry.host,
        what: 'the upload response has no Location',
      });
    if (!isFollowed(registry, url, policy)) {
      fail('redirect_refused', { ...about, from: registry.origin, what: `${url.origin} is not https` });
    }
    return url;
  }
}

/** The first error of the spec's error body (§ Error Codes), short and printable. */
async function errorOf({ body }: Answer): Promise<FaultDetails> {
  try {
    const bytes = await readBounded(body, 64 * 1024, () => fail('registry_answer'));
    const [error] = errorBodySchema.parse(JSON.parse(Buffer.from(bytes).toString())).errors;
    const text = `${error?.code}: ${error?.message ?? ''}`.replace(/[^\x20-\x7e]+/g, ' ');
    return { answer: text.slice(0, 200) };
  } catch {
    return {};
  }
}
