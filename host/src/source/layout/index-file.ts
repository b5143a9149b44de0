import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type FaultDetails, fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { isSystemError } from '../../core/system-error.ts';
import type { Descriptor } from '../descriptor.ts';
import { imageIndexSchema } from '../manifest.ts';

/** Names a manifest in index.json (OCI image spec, § Pre-Defined Annotation Keys). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/** Returns the name of a manifest of index.json. */
export const nameOf = ({ annotations }: Descriptor): string | undefined => annotations?.[refNameAnnotation];

const indexLimit = 64 * 1024 * 1024;
const markerSchema = z.object({ imageLayoutVersion: z.string().regex(/^1\./) });

/**
 * Reads the manifests of a layout's index.json. `about` goes into the fault.
 * @throws Fault `layout_invalid`
 */
export async function readIndex(directory: string, about: FaultDetails = {}): Promise<readonly Descriptor[]> {
  const refuse = (file: string, what: string, cause?: unknown) =>
    fail('layout_invalid', { ...about, file, what }, cause);
  const marker = join(directory, 'oci-layout');
  const index = join(directory, 'index.json');
  if (!markerSchema.safeParse(await readJson(marker, refuse)).success) refuse(marker, 'imageLayoutVersion is not 1.x');
  const { data } = imageIndexSchema.safeParse(await readJson(index, refuse));
  return data?.manifests ?? refuse(index, 'not an image index');
}

async function readJson(
  file: string,
  refuse: (file: string, what: string, cause?: unknown) => never,
): Promise<unknown> {
  try {
    if ((await stat(file)).size > indexLimit) return refuse(file, 'too large');
    return JSON.parse((await readRegularFile(file)).toString('utf8'));
  } catch (error) {
    return refuse(file, isSystemError(error) ? fileProblem(error) : 'it is not JSON', error);
  }
}
