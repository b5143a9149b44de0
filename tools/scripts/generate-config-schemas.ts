import { grantsSchema } from '@sallyport/host/capability';
import { configJsonSchema, pluginJsonSchema } from '@sallyport/host/config';

/** JSON Schemas of sallyport.yaml and plugin.json, so that editors complete and check. */
export async function configSchemas(): Promise<Map<string, string>> {
  const text = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ['docs/schema/sallyport.schema.json', text(configJsonSchema(grantsSchema))],
    ['docs/schema/plugin.schema.json', text(pluginJsonSchema())],
  ]);
}
