import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PluginDescriptor } from '@sallyport/host/contract';
import type { Result } from '../command.ts';
import { writeNew } from '../write-file.ts';
import type { PluginFiles } from './plugin-zip.ts';

/** Names of the files that were written; no signature if the component is unsigned. */
export interface Written {
  readonly component: string;
  readonly signature?: string;
  readonly descriptor: string;
}

/** Writes the files of a plugin into a folder: all of them, or none. @throws Fault `file_exists`, `file_unwritable` */
export async function writeFiles(
  folder: string,
  { name, component, signature, descriptor }: Omit<PluginFiles, 'signature'> & Partial<Pick<PluginFiles, 'signature'>>,
): Promise<Written> {
  const written: Written = {
    component: join(folder, name),
    ...(signature && { signature: join(folder, `${name}.sig`) }),
    descriptor: join(folder, 'plugin.json'),
  };
  const done: string[] = [];
  try {
    for (const [file, bytes] of [
      [written.descriptor, descriptor],
      [written.component, component],
      ...(written.signature && signature ? [[written.signature, signature] as const] : []),
    ] as const) {
      await writeNew(file, bytes);
      done.push(file);
    }
  } catch (error) {
    for (const file of done) await rm(file, { force: true });
    throw error;
  }
  return written;
}

/** Formats the names of the written files as a command's result. */
export const filesResult = ({ id, version }: PluginDescriptor, written: Written, more: object = {}): Result => {
  const shown = { ...written, ...more };
  const lines = Object.entries(shown).map(([name, value]) => `${name}: ${value}`);
  return { json: { plugin: id, version, ...shown }, text: [`plugin: ${id} ${version}`, ...lines].join('\n') };
};
