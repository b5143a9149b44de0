import type { Json, JsonObject } from '../../../core/json.ts';

/** The capabilities that a client can declare (MCP 2025-11-25, Lifecycle § Capability Negotiation). */
const known = ['elicitation', 'experimental', 'extensions', 'roots', 'sampling', 'tasks'];
/** The maximum length of one capability, which is kept as long as the session. */
const longest = 500;

/**
 * Returns the capabilities in the params of `initialize` that are worth keeping: those with a known name and a short
 * value.
 */
export function clientCapabilitiesIn(params: JsonObject): JsonObject {
  const { capabilities } = params;
  if (typeof capabilities !== 'object' || capabilities === null) return {};
  const declared = Object.entries(capabilities as Readonly<Record<string, Json>>);
  return Object.fromEntries(
    declared.filter(([name, value]) => known.includes(name) && JSON.stringify(value).length <= longest),
  );
}
