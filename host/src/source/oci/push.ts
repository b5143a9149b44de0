import type { Digest } from '../../core/digest.ts';
import { buildPluginManifest, type PluginContent } from '../plugin-manifest.ts';
import { parseReference } from '../reference.ts';
import { createOciClient, type OciClientOptions } from './client.ts';

/** A plugin, and where to push it. */
export interface PluginPush extends PluginContent, OciClientOptions {
  /** `registry/repository:tag`; without a tag, the digest must be that of the manifest. */
  readonly reference: string;
}

/**
 * Pushes a plugin: layer and config first, then the manifest under its tag, so that no pull finds half of it.
 * Returns the manifest's digest, which is the same each time for the same plugin.
 * @throws Fault `reference_invalid`, and those of OciClient
 */
export async function pushPlugin(push: PluginPush, signal?: AbortSignal): Promise<Digest> {
  const { reference: text, component, descriptor, imports, exports, signature, created, ...options } = push;
  const reference = parseReference(text);
  const artifact = buildPluginManifest({
    component,
    descriptor,
    imports,
    exports,
    ...(signature && { signature }),
    ...(created !== undefined && { created }),
  });
  const client = createOciClient(reference, options);
  await client.pushBlob(artifact.component.bytes, signal);
  await client.pushBlob(artifact.config.bytes, signal);
  const { bytes, descriptor: manifest } = artifact.manifest;
  const by = reference.tag ?? reference.digest ?? manifest.digest;
  return (await client.pushManifest(bytes, manifest.mediaType, by, signal)).digest;
}
