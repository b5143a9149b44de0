import type { JsonObject } from '../core/json.ts';
import { findTwins, foldCase } from '../core/json-twins.ts';

/** The params that MCP defines, of all methods and revisions. */
const knownParams = [
  ...['_meta', 'argument', 'arguments', 'capabilities', 'clientInfo', 'context', 'cursor', 'level', 'name', 'progress'],
  ...['progressToken', 'protocolVersion', 'reason', 'ref', 'requestId', 'task', 'total', 'uri'],
];
const byFolded: ReadonlyMap<string, string> = new Map(knownParams.map(name => [foldCase(name), name]));

/**
 * Says which name in `params` a server may read in another way than plugins do, because it ignores case; `undefined`
 * when there is none. Either two names of one object differ in case only, at any depth, or a name differs from one of
 * MCP's in case only.
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
