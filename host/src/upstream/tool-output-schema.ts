import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Catalog } from './catalog.ts';

/**
 * The output schema of a tool; undefined when it has none, or when there is no such tool. A tool that is not known, and
 * one that is asked for `again`, is looked up in the upstream's present list, unless a change would have been heard.
 * @throws as `Catalog.items`
 */
export async function outputSchemaOf(tools: Catalog, name: string, again: boolean): Promise<JsonObject | undefined> {
  const began = Date.now();
  await tools.items();
  const isDoubted = again || tools.lastItem(name) === undefined;
  if (isDoubted && !tools.holds(began)) await tools.fresh().catch(() => {});
  const schema = tools.lastItem(name)?.outputSchema;
  return isJsonObject(schema) ? schema : undefined;
}
