import { Fault } from '../../core/fault.ts';
import type { ContentStore } from '../content-store.ts';
import { formatReference, type Reference } from '../reference.ts';
import { taggedReferrers } from '../referrer.ts';
import type { OciClient } from './client.ts';

/** Creates the content of one repository. `resolve` returns the hash of the bytes, whatever a header states. */
export function registryContent(reference: Reference, client: OciClient): ContentStore {
  const { tag, digest } = reference;
  const name = formatReference(reference);
  const tagged: ContentStore['tagged'] = (by, signal) =>
    client.manifest(by, signal).catch(error => {
      if (error instanceof Fault && error.code === 'artifact_not_found') return undefined;
      throw error;
    });
  return {
    resolve: async signal => (await client.manifest(digest ?? tag ?? '', signal)).descriptor,
    read: (descriptor, signal) => client.read(descriptor, signal),
    referrers: async (subject, type, signal) =>
      (await client.referrers(subject, type, signal)) ?? taggedReferrers({ tagged }, subject, name, signal),
    tagged,
    tags: signal => client.tags(signal),
    writeBlob: (bytes, signal) => client.pushBlob(bytes, signal),
    async writeManifest({ descriptor, bytes }, by, signal) {
      return (await client.pushManifest(bytes, descriptor.mediaType, by ?? descriptor.digest, signal)).listed;
    },
  };
}
