import { type PluginDescriptor, parseDescriptor, schemaGaps } from '@sallyport/host/contract';
import { Fault, fail, fileProblem, type JsonObject, readRegularFile, repeatedName } from '@sallyport/host/core';

/**
 * Reads an author's plugin.json and checks that the gateway supports its config schema.
 * @throws Fault `descriptor_invalid`, with the file and the field
 */
export async function readDescriptorFile(file: string): Promise<PluginDescriptor> {
  const text = await readRegularFile(file).catch(error =>
    fail('descriptor_invalid', { file, what: fileProblem(error) }, error),
  );
  const descriptor = parseDescriptorFile(text, file);
  const [gap] = descriptor.config_schema === undefined ? [] : schemaGaps(descriptor.config_schema as JsonObject);
  if (gap !== undefined) {
    const path = `config_schema${gap.at.slice(1).replaceAll('/', '.')}`;
    fail('descriptor_invalid', {
      file,
      path,
      what: `the gateway does not support this part of the schema: ${gap.reason}`,
    });
  }
  return descriptor;
}

/** Parses a plugin.json that has already been read. @throws Fault `descriptor_invalid` */
export function parseDescriptorFile(bytes: Uint8Array, file: string): PluginDescriptor {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const path = repeatedName(text);
    if (path !== undefined) fail('descriptor_invalid', { file, path, what: 'the name occurs twice in one object' });
    return parseDescriptor(value, { file });
  } catch (error) {
    if (error instanceof Fault) throw error;
    return fail('descriptor_invalid', { file, what: error instanceof Error ? error.message : String(error) }, error);
  }
}
