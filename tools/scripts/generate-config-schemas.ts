import { grantsSchema } from '@sallyport/host/capability';
import { configJsonSchema, pluginJsonSchema } from '@sallyport/host/config';

/** Generates the JSON Schemas of sallyport.yaml and plugin.json, for completion and validation in editors. */
export async function configSchemas(): Promise<Map<string, string>> {
  const text = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ['docs/schema/sallyport.schema.json', text(configJsonSchema(grantsSchema))],
    ['docs/schema/plugin.schema.json', text(pluginJsonSchema())],
  ]);
}
