import type { JsonObject } from '../core/json.ts';
import { findTwins, foldCase } from '../core/json-twins.ts';

/** The params that MCP defines, for all methods and revisions. */
const knownParams = [
  ...['_meta', 'argument', 'arguments', 'capabilities', 'clientInfo', 'context', 'cursor', 'level', 'name', 'progress'],
  ...['progressToken', 'protocolVersion', 'reason', 'ref', 'requestId', 'task', 'total', 'uri'],
];
const byFolded: ReadonlyMap<string, string> = new Map(knownParams.map(name => [foldCase(name), name]));

/**
 * Describes a name in `params` that a server which ignores case may read differently than plugins do; `undefined` if
 * there is none. Either two names of one object differ only in case, at any depth, or a name differs only in case from
 * one of MCP's.
 */
export function ambiguousName(params: JsonObject): string | undefined {
  for (const name in params) {
    const known = byFolded.get(foldCase(name));
    if (known !== undefined && known !== name) return `\`${name}\` is not a parameter; write \`${known}\`.`;
  }
  const twins = findTwins(params);
  if (twins === undefined) return undefined;
  const [one, other] = twins;
  return `\`${one}\` and \`${other}\` differ only in case, and many servers read them as one name; send one of them.`;
}
