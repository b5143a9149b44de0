import { stat } from 'node:fs/promises';
import { fail } from '@sallyport/host/core';
import {
  type ContentStore,
  createOciClient,
  dockerCredentials,
  layoutContent,
  type Moved,
  type OciClientOptions,
  parseLayoutReference,
  parseReference,
  registryContent,
} from '@sallyport/host/source';
import type { Options } from '../command.ts';

/** Where an author's plugin is: a file, an image layout, or a registry. */
export type Place =
  | { readonly kind: 'file'; readonly file: string }
  /** `folder` or `folder:tag`. */
  | { readonly kind: 'layout'; readonly layout: string; readonly tag: string | undefined }
  | { readonly kind: 'registry'; readonly reference: string; readonly tag: string | undefined };

/** The `--help` text of an argument that `placeOf` reads. */
export const placeSays = 'registry/repository:tag, or an OCI image layout: ./folder:tag, oci:folder:tag';

/**
 * Decides what a command-line word names. `oci:FOLDER[:TAG]` is a layout, as with skopeo, and so is a word that starts
 * with `.` or `/` or names an existing folder. An existing file is a file. Everything else is a reference.
 * @throws Fault `reference_invalid`, `usage`
 */
export async function placeOf(word: string): Promise<Place> {
  if (word.startsWith('oci:')) return layoutAt(word.slice('oci:'.length));
  const { folder } = parseLayoutReference(word);
  const [whole, before] = await Promise.all([word, folder].map(path => stat(path).catch(() => undefined)));
  if (whole?.isFile()) return { kind: 'file', file: word };
  if (before?.isDirectory()) return layoutAt(word);
  if (/\.(wasm|zip)$/.test(word)) return fail('usage', { file: word, what: 'the file does not exist' });
  if (/^[./]/.test(word)) return layoutAt(word);
  const { tag } = parseReference(word);
  return { kind: 'registry', reference: word, tag };
}

function layoutAt(layout: string): Place {
  const { tag } = parseLayoutReference(layout);
  return { kind: 'layout', layout, tag };
}

/** Options of every subcommand that talks to a registry. */
export const registryOptions = {
  'plain-http': {
    value: 'HOST',
    many: true,
    says: 'use plain http for this registry, although it is not on this machine',
  },
  'token-host': {
    value: 'HOST',
    many: true,
    says: 'also send the login to this token service, which is not on the registry’s host',
  },
} as const satisfies Options;

export interface RegistryOptions {
  readonly 'plain-http': readonly string[];
  readonly 'token-host': readonly string[];
}

/** Returns the registry options in the form that the OCI client takes. */
export const clientOptions = (
  { 'plain-http': plainHttp, 'token-host': tokenHosts }: RegistryOptions,
  env: NodeJS.ProcessEnv,
  progress?: (moved: Moved) => void,
): OciClientOptions => ({ plainHttp, tokenHosts, credentials: dockerCredentials(env), progress });

/** Returns the layout or repository to read from and write to. @throws Fault `usage` for a file */
export function storeOf(place: Place, options: OciClientOptions): ContentStore & { readonly reference: string } {
  if (place.kind === 'file')
    return fail('usage', { file: place.file, what: 'expected a layout or a reference, found a file' });
  if (place.kind === 'layout') return { ...layoutContent(place.layout, process.cwd()), reference: place.layout };
  const reference = parseReference(place.reference);
  return { ...registryContent(reference, createOciClient(reference, options)), reference: place.reference };
}

/** Returns a whole repository or layout, named without a tag. @throws Fault `usage`, `reference_invalid` */
export async function repositoryAt(word: string, options: OciClientOptions): Promise<ContentStore> {
  if (/[:@][^/]*$/.test(word.replace(/^oci:/, '')))
    fail('usage', { argument: word, what: 'expected a repository without a tag or digest' });
  const place = await placeOf(`${word}:any`); // A reference has a tag.
  if (place.kind === 'file') return storeOf(place, options);
  if (place.kind === 'layout') return layoutContent(parseLayoutReference(place.layout).folder, process.cwd());
  const { registry, repository } = parseReference(place.reference);
  return registryContent({ registry, repository }, createOciClient({ registry, repository }, options));
}
