import { expect, it } from 'vitest';
import { faultyRegistry, type RegistryFault } from '../../../test/fixtures/faulty-registry.ts';
import { digestOf } from '../core/digest.ts';
import type { Descriptor } from './descriptor.ts';
import { mediaType } from './media-type.ts';
import { createOciClient } from './oci/client.ts';
import { registryContent } from './oci/registry.ts';
import { parseReference } from './reference.ts';
import { isReferrersTag, referrersTag } from './referrer.ts';

const digestOfLetter = (letter: string) => `sha256:${letter.repeat(64)}` as Descriptor['digest'];
const subject = digestOfLetter('a');
const entry = (letter: string, artifactType = 'application/x') => ({
  mediaType: mediaType.imageManifest,
  digest: digestOfLetter(letter),
  size: 10,
  artifactType,
});
const index = (...manifests: object[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaType.imageIndex, manifests });

/** The letters of the referrers that a registry with this fault lists. */
async function listed(fault: RegistryFault, artifactType?: string) {
  const registry = await faultyRegistry(fault);
  const reference = parseReference(registry.reference);
  const client = createOciClient(reference, { patience: { attempts: 1 } });
  const found = await registryContent(reference, client).referrers(subject, artifactType);
  return { found: found.map(({ digest }) => digest.at(-1)), seen: registry.seen.map(({ line }) => line) };
}

interface Page {
  readonly body: string;
  readonly link?: string;
  readonly location?: string;
  readonly type?: string;
  readonly status?: number;
}

const answering =
  (pages: Readonly<Record<string, Page>>): RegistryFault =>
  (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const page = pages[query] ?? pages[path.split('/').at(-2) ?? ''];
    if (!page) return void response.writeHead(404).end();
    const { body, link, location, type = mediaType.imageIndex, status = 200 } = page;
    const more = { ...(link !== undefined && { link }), ...(location !== undefined && { location }) };
    response.writeHead(status, { 'content-type': type, ...more }).end(body);
  };

it('[CLI-15] the pages of the referrers API are all read', async () => {
  const { found } = await listed(
    answering({
      '': { body: index(entry('b')), link: `</v2/acme/redact/referrers/${subject}?n=2>; rel="next"` },
      'n=2': { body: index(entry('c')), link: `<?n=3>; rel="prev"` },
    }),
  );
  expect(found).toEqual(['b', 'c']);
});

it('[CLI-15] pages without an end, and pages elsewhere, are refused', async () => {
  const again = { body: index(), link: `</v2/acme/redact/referrers/${subject}?n=2>; rel="next"` };
  await expect(listed(answering({ '': again, 'n=2': again }))).rejects.toMatchObject({ code: 'registry_answer' });
  const elsewhere = { body: index(), link: '<https://example.com/next>; rel="next"' };
  await expect(listed(answering({ '': elsewhere }))).rejects.toMatchObject({ code: 'redirect_refused' });
});

it('[CLI-15] a list that is null is empty', async () => {
  const none = { body: JSON.stringify({ schemaVersion: 2, mediaType: mediaType.imageIndex, manifests: null }) };
  expect((await listed(answering({ referrers: none }))).found).toEqual([]);
});

it('[CLI-15] what the registry did not filter is filtered here', async () => {
  const both = { body: index(entry('b'), entry('c', 'application/y')) };
  expect((await listed(answering({ referrers: both }), 'application/y')).found).toEqual(['c']);
});

it('[CLI-15] a registry that answers the fallback tag with the subject itself has no referrers', async () => {
  const bytes = index(entry('b'));
  const digest = digestOf(Buffer.from(bytes));
  const registry = await faultyRegistry((request, response) =>
    answering(request.url?.endsWith(referrersTag(digest)) ? { '': { body: bytes } } : {})(request, response, () => {}),
  );
  const reference = parseReference(registry.reference);
  expect(await registryContent(reference, createOciClient(reference)).referrers(digest)).toEqual([]);
});

it.each<[string, Page]>([
  ['404', { body: '', status: 404 }],
  ['400', { body: '{}', status: 400 }],
  ['405', { body: '', status: 405 }],
  ['a page for people', { body: '<html>', type: 'text/html' }],
  ['where people look, on another host', { body: '', status: 303, location: 'http://localhost:1/packages' }],
])('[CLI-15] a registry that answers %s is asked for the fallback tag', async (_, page) => {
  const { found, seen } = await listed((request, response, honest) => {
    const fallback = request.url?.endsWith(`/manifests/${referrersTag(subject)}`);
    answering(fallback ? { '': { body: index(entry('b')) } } : { '': page })(request, response, honest);
  });
  expect(found).toEqual(['b']);
  expect(seen).toHaveLength(2);
});

it.each([401, 403])('[CLI-15] a registry that answers %i is obeyed', async status => {
  const denied: RegistryFault = (_, response) =>
    void response.writeHead(status, { 'www-authenticate': 'Basic realm="x"' }).end();
  await expect(listed(denied)).rejects.toMatchObject({ code: 'registry_denied' });
});

it('[CLI-15] a fallback tag has the name that the spec gives it', () => {
  expect(referrersTag(subject)).toBe(`sha256-${'a'.repeat(64)}`);
  expect([referrersTag(subject), '1.0.0', undefined].map(isReferrersTag)).toEqual([true, false, false]);
});
