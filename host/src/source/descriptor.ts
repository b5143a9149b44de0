import { z } from 'zod';
import { type Digest, digestOf, isDigest } from '../core/digest.ts';

/** The OCI image spec's descriptor (§ Content Descriptors): what content is, how large, and its digest. */
export const descriptorSchema = z.object({
  mediaType: z.string().min(1).max(255),
  digest: z.custom<Digest>(value => typeof value === 'string' && isDigest(value), 'a digest as sha256:<64 hex digits>'),
  /** Bytes. */
  size: z.number().int().min(0),
  annotations: z.record(z.string(), z.string()).optional(),
  artifactType: z.string().optional(),
  platform: z.looseObject({ architecture: z.string(), os: z.string().optional() }).optional(),
});

export type Descriptor = z.infer<typeof descriptorSchema>;

/** Returns the descriptor of these bytes. */
export const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});
