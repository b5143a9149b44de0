import type { SignatureClaim } from '../contract/artifact.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { type Descriptor, describe } from './descriptor.ts';
import { mediaType } from './media-type.ts';
import { signatureAnnotations } from './signature-annotation.ts';

/** What a plugin's manifest is built from. */
export interface PluginContent {
  readonly component: Uint8Array;
  readonly descriptor: PluginDescriptor;
  /** The component's imports and exports, as it names them: `sallyport:plugin/log@0.1.0`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Without a signature, the artifact is unsigned. */
  readonly signature?: SignatureClaim;
  /** RFC 3339. By default `createdFrom(process.env)`. */
  readonly created?: string;
}

/** Bytes and their descriptor in the manifest. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** The three pieces of content that make an artifact. */
export interface PluginArtifact {
  readonly config: Blob;
  readonly component: Blob;
  readonly manifest: Blob;
}

/**
 * Returns the time in SOURCE_DATE_EPOCH (reproducible-builds.org), or the epoch: the clock would change every digest.
 */
export function createdFrom(environment: NodeJS.ProcessEnv): string {
  const seconds = Number(environment.SOURCE_DATE_EPOCH ?? 0);
  const date = new Date(Number.isSafeInteger(seconds) && seconds >= 0 ? seconds * 1000 : 0);
  return date.toISOString().replace('.000Z', 'Z');
}

/**
 * Builds the CNCF Wasm OCI artifact of a plugin: manifest, config, one layer. The same content gives the same bytes.
 * The config's member `sallyport` repeats the descriptor for tools that do not read the component.
 */
export function buildPluginManifest(content: PluginContent): PluginArtifact {
  const { component: bytes, descriptor: plugin, imports, exports, signature } = content;
  const created = content.created ?? createdFrom(process.env);
  const component = { descriptor: describe(mediaType.wasm, bytes), bytes };
  const config = jsonBlob(mediaType.wasmConfig, {
    created,
    architecture: 'wasm',
    os: 'wasip2',
    layerDigests: [component.descriptor.digest],
    component: { exports: [...exports].sort(), imports: [...imports].sort() },
    sallyport: plugin,
  });
  const manifest = jsonBlob(mediaType.imageManifest, {
    schemaVersion: 2,
    mediaType: mediaType.imageManifest,
    config: config.descriptor,
    layers: [component.descriptor],
    annotations: {
      'org.opencontainers.image.created': created,
      'org.opencontainers.image.title': plugin.id,
      'org.opencontainers.image.version': plugin.version,
      ...(plugin.description && { 'org.opencontainers.image.description': plugin.description }),
      ...(plugin.license !== undefined && { 'org.opencontainers.image.licenses': plugin.license }),
      ...(plugin.source !== undefined && { 'org.opencontainers.image.source': plugin.source }),
      ...(signature && signatureAnnotations(signature)),
    },
  });
  return { config, component, manifest };
}

/**
 * Returns the member `sallyport` of a config blob, unparsed; undefined if another tool made the config.
 * @throws Fault `manifest_invalid` if a config that is declared as JSON is not
 */
export function statedDescriptor(type: string, config: Uint8Array, reference: string): JsonObject[string] {
  if (type !== mediaType.wasmConfig) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(config).toString());
  } catch (error) {
    return fail('manifest_invalid', { reference, what: 'its config is not JSON' }, error);
  }
  return isJsonObject(value) ? value.sallyport : undefined;
}

function jsonBlob(type: string, value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value));
  return { descriptor: describe(type, bytes), bytes };
}
