import { type Artifact, createArtifact, type SignatureClaim, type VerifiedArtifact } from '@sallyport/host/contract';
import { digestOf, Fault } from '@sallyport/host/core';
import { silentLog } from '@sallyport/host/log';
import {
  contentSource,
  fetchArtifact,
  fileSource,
  type OciClientOptions,
  parseReference,
} from '@sallyport/host/source';
import { createVerifier, type TrustPolicy } from '@sallyport/host/verify';
import { readDescriptor } from '@sallyport/host/wasm';
import type { Options } from '../command.ts';
import { readInput } from '../read-input.ts';
import { type Place, storeOf } from './place.ts';
import { readFiles } from './plugin-files.ts';

/** Options of every subcommand that decides whether a signature is trusted. */
export const trustOptions = {
  key: { value: 'FILE', says: 'the only public key to trust, SPKI PEM' },
  config: { short: 'c', value: 'FILE', says: 'the configuration whose trust store to use' },
} as const satisfies Options;

export interface TrustOptions {
  readonly key: string | undefined;
  readonly config: string | undefined;
}

/** Whose signatures are trusted. */
export interface Trust {
  readonly policy: TrustPolicy;
  /** Returns the key that is pinned for the plugin with this id, if any. */
  pinned(id: string): string | undefined;
}

/** Reads the trust that the options name; undefined when they name neither a key nor a configuration. @throws Faults */
export async function readTrust({ key, config: file }: TrustOptions): Promise<Trust | undefined> {
  const given = key === undefined ? undefined : (await readInput(key)).toString('utf8');
  if (file === undefined) {
    return given === undefined ? undefined : { policy: { keys: [], revoked_digests: [] }, pinned: () => given };
  }
  const { readConfig } = await import('@sallyport/host/config');
  const { trust, plugins } = await readConfig(file);
  return {
    policy: trust,
    pinned: id => given ?? plugins.find(plugin => plugin.id === id)?.source.public_key,
  };
}

/** Fetches the artifact at a place and checks its size and digest, not its signatures. @throws Fault of the place */
export async function artifactAt(place: Place, client: OciClientOptions, signal: AbortSignal): Promise<Artifact> {
  if (place.kind === 'file') {
    if (!place.file.endsWith('.zip')) return fetchArtifact(fileSource(place.file, process.cwd()), signal);
    const { component: bytes, signature } = await readFiles(place.file);
    return createArtifact({
      bytes,
      digest: digestOf(bytes),
      origin: { reference: place.file },
      signatures: [{ signature }],
    });
  }
  const store = storeOf(place, client);
  const { reference } = store;
  const { registry, repository } = place.kind === 'registry' ? parseReference(place.reference) : {};
  const origin = { reference, ...(repository !== undefined && { repository: `${registry}/${repository}` }) };
  return fetchArtifact(contentSource(store, origin), signal);
}

/** Verifies an artifact as the gateway would. @throws Fault as Verifier does */
export async function verifyArtifact(artifact: Artifact, { policy, pinned }: Trust): Promise<VerifiedArtifact> {
  const id = readDescriptor(artifact.bytes)?.id ?? '';
  const verifier = createVerifier({ trust: policy, requireSigned: true, log: silentLog() });
  return verifier.verify(artifact, { id, publicKey: pinned(id) });
}

/** One signature of an artifact: the key it claims, where it was found, and the verdict. */
export interface Judged {
  readonly key_id?: string;
  readonly found: 'with it' | 'attached';
  /** `accepted`, or the code of the refusal; absent when no trust was given. */
  readonly verdict?: string;
}

/** Judges each signature separately. @throws Fault of the place that holds attached ones */
export async function judgeAll(artifact: Artifact, trust: Trust | undefined): Promise<readonly Judged[]> {
  const attached = (await artifact.attached?.()) ?? [];
  const { attached: _, ...alone } = artifact;
  const judge = async (claim: SignatureClaim, found: Judged['found']): Promise<Judged> => ({
    ...(claim.keyId !== undefined && { key_id: claim.keyId }),
    found,
    ...(trust && { verdict: await verdictOf({ ...alone, signatures: [claim] }, trust) }),
  });
  return Promise.all([
    ...artifact.signatures.map(claim => judge(claim, 'with it')),
    ...attached.map(claim => judge(claim, 'attached')),
  ]);
}

async function verdictOf(artifact: Artifact, trust: Trust): Promise<string> {
  try {
    await verifyArtifact(artifact, trust);
    return 'accepted';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}
