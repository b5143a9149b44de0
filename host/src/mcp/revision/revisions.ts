import { Revision20251125, type SessionfulOptions } from './2025-11-25/revision.ts';
import type { Revision } from './revision.ts';

/** Opens all revisions of MCP that the gateway serves. To add one, add a folder next to this file and a line here. */
export const openRevisions = (options: SessionfulOptions): readonly Revision[] => [new Revision20251125(options)];
