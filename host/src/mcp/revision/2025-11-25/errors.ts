import { type ErrorNumbers, sharedNumbers } from '../../errors.ts';

/** JSON-RPC error numbers of the revisions up to 2025-11-25 (MCP 2025-11-25, Resources § Error Handling). */
export const errorNumbers: ErrorNumbers = {
  ...sharedNumbers,
  resource_unknown: -32002,
};

/** The client has to show its user a page first (MCP 2025-11-25, Elicitation § URL Elicitation Required Error). */
export const urlElicitationRequired = -32042;
