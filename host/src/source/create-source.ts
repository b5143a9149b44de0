import type { Log } from '../core/log.ts';
import { cachedSource } from './cache.ts';
import { contentSource } from './content.ts';
import { fileSource } from './file.ts';
import { ociLayoutSource } from './layout/oci-layout.ts';
import { createOciClient } from './oci/client.ts';
import type { Credentials } from './oci/find-login.ts';
import { registryContent } from './oci/registry.ts';
import type { Patience } from './oci/retry.ts';
import { formatReference, parseReference } from './reference.ts';
import type { Source } from './source.ts';

/** Where a plugin comes from, as the operator writes it: exactly one of the three. */
export type SourceSpec =
  /** `registry/repository:tag` or `…@sha256:…`. */
  | { readonly oci: string }
  /** `./folder` or `./folder:tag`. */
  | { readonly oci_layout: string }
  /** `./plugin.wasm`, with its signature in `./plugin.wasm.sig`. */
  | { readonly file: string };

export interface SourceContext {
  readonly log: Log;
  /** Relative paths start here: the folder of the operator's file. */
  readonly baseDir: string;
  /** Where artifacts from registries are cached; without it they are fetched each time. */
  readonly cacheDir?: string | undefined;
  /** `host[:port]` of registries that are reached over plain http although they are not on this machine. */
  readonly plainHttp?: readonly string[] | undefined;
  /** `host[:port]` of token services, beyond the registry's own host, that may receive the login. */
  readonly tokenHosts?: readonly string[] | undefined;
  readonly timeouts?: Partial<Patience> | undefined;
  /** Logins for registries. By default those of Docker. */
  readonly credentials?: Credentials | undefined;
  /** The maximum size of a component, in bytes. */
  readonly maxBytes?: number | undefined;
}

/**
 * Creates the Source for what the operator wrote. Nothing is fetched yet.
 * @throws Fault `reference_invalid`
 */
export function createSource(spec: SourceSpec, on: SourceContext): Source {
  if ('file' in spec) return fileSource(spec.file, on.baseDir, on.maxBytes);
  if ('oci_layout' in spec) return ociLayoutSource(spec.oci_layout, on.baseDir, on.maxBytes);
  const reference = parseReference(spec.oci);
  const client = createOciClient(reference, {
    ...(on.plainHttp && { plainHttp: on.plainHttp }),
    ...(on.tokenHosts && { tokenHosts: on.tokenHosts }),
    ...(on.credentials && { credentials: on.credentials }),
    ...(on.timeouts && { patience: on.timeouts }),
  });
  const remote = registryContent(reference, client);
  const limit = on.maxBytes === undefined ? {} : { limit: on.maxBytes };
  if (on.cacheDir !== undefined) {
    return cachedSource({ directory: on.cacheDir, reference, remote, log: on.log, ...limit });
  }
  const repository = `${reference.registry}/${reference.repository}`;
  return contentSource(remote, { reference: formatReference(reference), repository }, on.maxBytes);
}
