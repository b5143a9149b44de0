import { defineCannedNotes } from '../canned.ts';

/** A case grants every header that can be granted; what the plugin sets is compared with `expect.upstream_headers`. */
export const upstreamHeadersCanned = defineCannedNotes('upstream_headers', {
  names: [],
  max_bytes: 16_384,
  any: true,
});
