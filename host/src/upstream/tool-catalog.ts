import { isJsonObject, type JsonObject } from '../core/json.ts';
import { createCatalog } from './catalog.ts';
import type { Upstream } from './upstream.ts';

/** The tools of one upstream, listed once and again after it says that they changed. */
export interface ToolCatalog extends Disposable {
  /** The output schema of a tool; undefined when it has none, or when there is no such tool. */
  outputSchema(name: string): Promise<JsonObject | undefined>;
}

export function createToolCatalog(upstream: Upstream): ToolCatalog {
  const catalog = createCatalog(upstream, 'tools/list');
  let indexed: readonly JsonObject[] | undefined;
  let schemas = new Map<string, JsonObject>();
  return {
    async outputSchema(name) {
      const tools = await catalog.items();
      if (tools !== indexed) {
        indexed = tools;
        schemas = new Map(
          tools.flatMap(({ name, outputSchema }) =>
            typeof name === 'string' && isJsonObject(outputSchema) ? [[name, outputSchema] as const] : [],
          ),
        );
      }
      return schemas.get(name);
    },
    [Symbol.dispose]: () => catalog[Symbol.dispose](),
  };
}
