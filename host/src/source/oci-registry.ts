import type { Content } from './content.ts';
import type { OciClient } from './oci-client.ts';
import type { Reference } from './reference.ts';

/** Content of one repository in a registry. What `resolve` yields is the hash of the bytes, whatever a header says. */
export const registryContent = ({ tag, digest }: Reference, client: OciClient): Content => ({
  resolve: async signal => (await client.manifest(digest ?? tag ?? '', signal)).descriptor,
  read: (descriptor, signal) => client.read(descriptor, signal),
});
