import type { JsonObject } from '../core/json.ts';
import type { ListMethod } from '../mcp/methods.ts';
import { elicitationOf } from '../mcp/url-elicitation.ts';

/** The name of the tool that stands for those of an upstream to which the user has to connect an account first. */
const name = 'connect_account';

/**
 * Returns what an upstream lists to a user who has to connect an account first: one tool. It makes the upstream visible,
 * and a call of it, as of any other tool, is answered with the link. Undefined if the list failed for another reason.
 */
export function listWithoutAccount(reason: unknown, upstream: string, method: ListMethod): JsonObject[] | undefined {
  if (elicitationOf(reason) === undefined) return undefined;
  if (method !== 'tools/list') return [];
  const description = `The user has not connected an account at ${upstream}, so its tools cannot be used. Call this tool to get a link, and show it to the user, who opens it in a browser. The tools are listed after that.`;
  return [{ name, description, inputSchema: { type: 'object', properties: {} } }];
}
