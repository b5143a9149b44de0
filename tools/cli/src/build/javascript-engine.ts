import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '@sallyport/host/core/fault';
import type { PluginDescriptor } from '@sallyport/host/core/plugin-descriptor';
import { worldName } from './world.ts';

/** What runs JavaScript within a component: QuickJS is small and starts at once, StarlingMonkey is large and has fetch. */
export const engines = ['quickjs', 'starlingmonkey'] as const;
export type Engine = (typeof engines)[number];

export interface ScriptedPlugin {
  readonly descriptor: PluginDescriptor;
  /** Its folder, whose packages come before those of this command. */
  readonly folder: string;
  readonly worldDir: string;
  /** Its one module. */
  readonly code: string;
}

/** Makes a component of a module. */
export const componentizeWith: Readonly<Record<Engine, (plugin: ScriptedPlugin) => Promise<Uint8Array>>> = {
  async quickjs({ worldDir, code }) {
    const { componentize } = await import('componentize-qjs');
    const jsSource = code;
    const options = { witPath: worldDir, world: worldName, jsSource, sync: true, stubWasi: true, optSize: true };
    return (await componentize(options)).component;
  },

  /** Clock, random numbers and console are those of the prelude; of WASI no more than fetch needs is left. */
  async starlingmonkey({ descriptor, folder, worldDir, code }) {
    const { componentize } = await importStarlingMonkey(descriptor.id, folder);
    const { required_capabilities: required, optional_capabilities: optional } = descriptor;
    const fetches = [...required, ...optional].includes('outbound_http');
    const sourcePath = join(worldDir, `${descriptor.id}.js`);
    await writeFile(sourcePath, code);
    const { component } = await componentize({
      sourcePath,
      witPath: worldDir,
      worldName,
      disableFeatures: ['stdio', 'random', 'clocks', 'fetch-event', ...(fetches ? [] : (['http'] as const))],
    });
    return component;
  },
};

const starlingMonkeyPackage = '@bytecodealliance/componentize-js';

/** It is large and few need it: who does installs it beside the plugin. @throws Fault `toolchain_missing` */
async function importStarlingMonkey(
  plugin: string,
  folder: string,
): Promise<typeof import('@bytecodealliance/componentize-js')> {
  for (const from of [join(resolve(folder), 'plugin.json'), import.meta.filename]) {
    try {
      return await import(pathToFileURL(createRequire(from).resolve(starlingMonkeyPackage)).href);
    } catch (error) {
      if (!['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    }
  }
  const what = 'StarlingMonkey is not there';
  return fail('toolchain_missing', { plugin, what, hint: `npm install --save-dev ${starlingMonkeyPackage}` });
}
