import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Catalog } from './catalog.ts';

/**
 * Returns the output schema of a tool; undefined when it has none, or does not exist. An unknown tool, and one that is
 * requested `again`, is looked up in the upstream's current list, unless the upstream would have reported a change.
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
