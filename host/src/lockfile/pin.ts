import { relative } from 'node:path';
import type { PluginConfig, SourceConfig } from '../config/config.ts';
import type { VerifiedArtifact } from '../contract/artifact.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { digestOf } from '../core/digest.ts';
import { formatReference, parseReference } from '../source/reference.ts';
import type { Pin } from './lockfile.ts';

/**
 * Returns a plugin's source as a lockfile names it. Paths are relative to `folder`, so that it can move with the files.
 */
function referenceOf({ oci, oci_layout, file }: SourceConfig, folder: string): string {
  const path = oci_layout ?? file;
  if (path === undefined) return oci ?? '';
  const from = relative(folder, path);
  return from.startsWith('.') ? from : `./${from}`;
}

/** Returns the source with the pinned digest, which takes the place of a tag. */
export function pinnedSource(source: SourceConfig, pin: Pin, folder: string): SourceConfig {
  if (source.oci === undefined || pin.manifest === undefined) return source;
  if (pin.reference !== referenceOf(source, folder)) return source;
  return { ...source, oci: formatReference({ ...parseReference(source.oci), digest: pin.manifest }) };
}

/** Creates the pin of a plugin that was fetched and verified. */
export function pinOf(
  { source, grants }: PluginConfig,
  { digest, origin, descriptor, signer }: VerifiedArtifact,
  imports: readonly string[],
  folder: string,
): Pin {
  const sorted = <T extends string>(list: readonly T[]) => [...list].sort();
  return {
    reference: referenceOf(source, folder),
    ...(origin.manifest === undefined ? {} : { manifest: origin.manifest }),
    digest,
    signer: { by: signer.by, ...(signer.by === 'nobody' ? {} : { key_id: signer.keyId }) },
    version: descriptor.version,
    ...(descriptor.sequence === undefined ? {} : { sequence: descriptor.sequence }),
    hooks: sorted(descriptor.hooks),
    ...(descriptor.payload === undefined ? {} : { payload: sorted(descriptor.payload) }),
    imports: sorted(imports),
    required_capabilities: sorted(descriptor.required_capabilities),
    optional_capabilities: sorted(descriptor.optional_capabilities),
    granted: grants === 'learn' ? {} : pinnedGrants(grants),
  };
}

const longest = 200;

/**
 * Returns grants as plain data, with the members of each object in the order of their names. Long texts, which may be
 * keys or certificates, are replaced by their digests: a lockfile has many readers.
 */
const pinnedGrants = (grants: object): Pin['granted'] =>
  JSON.parse(canonicalJson(grants), (_, value: unknown) =>
    typeof value === 'string' && (value.length > longest || value.includes('\n'))
      ? digestOf(Buffer.from(value))
      : value,
  );
