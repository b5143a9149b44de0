import { type ErrorNumbers, sharedNumbers } from '../../errors.ts';

/** JSON-RPC error numbers of the revisions up to 2025-11-25 (MCP 2025-11-25, Resources § Error Handling). */
export const errorNumbers: ErrorNumbers = {
  ...sharedNumbers,
  resource_unknown: -32002,
  // Defined by 2026-07-28 (Versioning), whose clients get it when they ask for a revision that is not served.
  revision_unknown: -32022,
};
