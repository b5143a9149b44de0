import type { Artifact } from '../contract/artifact.ts';
import type { Descriptor } from './descriptor.ts';

/** Where an artifact comes from. What `fetch` yields has the descriptor's size and digest, or it failed. */
export interface Source {
  /** As the operator wrote it. */
  readonly reference: string;
  /** Resolves the reference. Called once; after that only digests are used. */
  resolve(signal?: AbortSignal): Promise<Descriptor>;
  /** The artifact of a descriptor that `resolve` yielded, now or in an earlier run. */
  fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<Artifact>;
}

/** Resolves and fetches. @throws Fault, with `reference` */
export async function fetchArtifact(source: Source, signal?: AbortSignal): Promise<Artifact> {
  return source.fetch(await source.resolve(signal), signal);
}
