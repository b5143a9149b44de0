import { grantsSchema } from '@sallyport/host/capability';
import { configJsonSchema, pluginJsonSchema } from '@sallyport/host/config';
import { receiptJsonSchema } from '@sallyport/host/log';

/** Generates the JSON Schemas of sallyport.yaml, plugin.json and receipts, for editors and for readers of receipts. */
export async function configSchemas(): Promise<Map<string, string>> {
  const text = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ['docs/schema/sallyport.schema.json', text(configJsonSchema(grantsSchema))],
    ['docs/schema/plugin.schema.json', text(pluginJsonSchema())],
    ['docs/schema/receipt.schema.json', text(receiptJsonSchema())],
  ]);
}
