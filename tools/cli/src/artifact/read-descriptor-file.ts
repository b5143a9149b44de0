import { Fault, fail } from '@sallyport/host/core/fault';
import { fileProblem } from '@sallyport/host/core/file-problem';
import { type PluginDescriptor, parseDescriptor } from '@sallyport/host/core/plugin-descriptor';
import { readRegularFile } from '@sallyport/host/core/regular-file';

/** Reads a plugin.json. @throws Fault `descriptor_invalid`, with the file and the field */
export async function readDescriptorFile(file: string): Promise<PluginDescriptor> {
  const text = await readRegularFile(file).catch(error =>
    fail('descriptor_invalid', { file, what: fileProblem(error) }, error),
  );
  return parseDescriptorFile(text, file);
}

/** The same for bytes that are there already. @throws Fault `descriptor_invalid` */
export function parseDescriptorFile(bytes: Uint8Array, file: string): PluginDescriptor {
  try {
    return parseDescriptor(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), { file });
  } catch (error) {
    if (error instanceof Fault) throw error;
    return fail('descriptor_invalid', { file, what: error instanceof Error ? error.message : String(error) }, error);
  }
}
