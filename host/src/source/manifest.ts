import { z } from 'zod';
import { fail } from '../core/fault.ts';
import { type Descriptor, descriptorSchema } from './descriptor.ts';
import { isIndex, isWasmLayer, mediaType } from './media-type.ts';

/** The OCI distribution spec asks registries to take 4 MiB (§ Pushing Manifests); no plugin needs more. */
export const manifestLimit = 4 * 1024 * 1024;

/** The members that are read of an image manifest (OCI image spec, § Image Manifest). */
const imageManifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(1000),
  artifactType: z.string().optional(),
  subject: descriptorSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

type ImageManifest = z.infer<typeof imageManifestSchema>;

/** OCI image spec, § Image Index. */
export const imageIndexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  /** Some registries write an empty list as null. */
  manifests: z
    .array(descriptorSchema)
    .nullable()
    .transform(list => list ?? []),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** The parts of a plugin's manifest that lead to its component. */
export interface PluginLayers {
  readonly config: Descriptor;
  /** The one layer. */
  readonly component: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads the manifest of a plugin: an image manifest with exactly one layer, of WebAssembly.
 * @throws Fault `manifest_invalid`, `layer_count`
 */
export function parsePluginManifest(bytes: Uint8Array, reference: string): PluginLayers {
  const manifest = parse(imageManifestSchema, bytes, reference);
  if (manifest.mediaType !== undefined && manifest.mediaType !== mediaType.imageManifest) {
    fail('manifest_invalid', { reference, what: `mediaType is ${manifest.mediaType}` });
  }
  const [component, ...more] = manifest.layers;
  if (component === undefined || more.length > 0) {
    return fail('layer_count', { reference, layers: manifest.layers.map(layer => layer.mediaType) });
  }
  if (!isWasmLayer(component.mediaType)) {
    fail('manifest_invalid', { reference, what: `the layer is ${component.mediaType}, not ${mediaType.wasm}` });
  }
  return { config: manifest.config, component, annotations: manifest.annotations ?? {} };
}

/**
 * Returns the one manifest that an image index stands for: its only one, or the only one for the architecture `wasm`.
 * @throws Fault `manifest_invalid`, `platform_ambiguous`
 */
export function chooseManifest(bytes: Uint8Array, reference: string): Descriptor {
  const { manifests } = parse(imageIndexSchema, bytes, reference);
  const forWasm = manifests.filter(({ platform }) => platform?.architecture === 'wasm');
  const [chosen, ...others] = forWasm.length > 0 ? forWasm : manifests;
  if (chosen === undefined || others.length > 0) {
    const platforms = manifests.map(({ platform }) => `${platform?.os ?? '?'}/${platform?.architecture ?? '?'}`);
    return fail('platform_ambiguous', { reference, platforms, digests: manifests.map(({ digest }) => digest) });
  }
  if (isIndex(chosen.mediaType)) fail('manifest_invalid', { reference, what: 'an index that leads to an index' });
  return chosen;
}

/** Reads an image manifest of any artifact. @throws Fault `manifest_invalid` */
export const parseManifest = (bytes: Uint8Array, reference: string): ImageManifest =>
  parse(imageManifestSchema, bytes, reference);

/** Reads an image index. @throws Fault `manifest_invalid` */
export const parseIndex = (bytes: Uint8Array, reference: string): z.infer<typeof imageIndexSchema> =>
  parse(imageIndexSchema, bytes, reference);

/** @throws Fault `manifest_invalid` */
function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, reference: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail('manifest_invalid', { reference, what: 'not JSON' }, error);
  }
  const { data, error } = schema.safeParse(value);
  if (data) return data;
  const [issue] = error?.issues ?? [];
  return fail('manifest_invalid', { reference, what: `${issue?.path.join('.') || 'manifest'}: ${issue?.message}` });
}
