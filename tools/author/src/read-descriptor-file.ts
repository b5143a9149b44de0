import { readFile } from 'node:fs/promises';
import { Fault, fail } from '@sallyport/host/core/fault';
import { type PluginDescriptor, parseDescriptor } from '@sallyport/host/core/plugin-descriptor';

/** Reads a plugin.json. @throws Fault `descriptor_invalid`, with the file and the field */
export async function readDescriptorFile(file: string): Promise<PluginDescriptor> {
  try {
    return parseDescriptor(JSON.parse(await readFile(file, 'utf8')), { file });
  } catch (error) {
    if (error instanceof Fault) throw error;
    return fail('descriptor_invalid', { file, what: error instanceof Error ? error.message : String(error) }, error);
  }
}
