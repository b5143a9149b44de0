import { readdir, readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { z } from 'zod';
import { worldName } from './world.ts';

/** The JavaScript engine in a component: QuickJS is small and starts fast, StarlingMonkey is large and has fetch. */
const engineSchema = z.enum(['quickjs', 'starlingmonkey']);
export type Engine = z.output<typeof engineSchema>;

export interface Script {
  readonly descriptor: PluginDescriptor;
  /** The plugin's folder, whose packages are searched first. */
  readonly folder: string;
  /** A folder with the WIT of the contract and of the plugin's own world. */
  readonly worldDir: string;
  /** The plugin, bundled into one module. */
  readonly code: string;
}

/**
 * Returns the engine that a plugin's package.json names under `sallyport`; QuickJS by default.
 * @throws Fault `plugin_build_failed` for an unknown engine
 */
export async function engineOf(plugin: string, folder: string): Promise<Engine> {
  const file = join(folder, 'package.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    const schema = z.object({ sallyport: z.strictObject({ engine: engineSchema.default('quickjs') }).prefault({}) });
    return schema.parse(JSON.parse(text)).sallyport.engine;
  } catch (error) {
    const hint = `"sallyport": { "engine": "${engineSchema.options.join('" or "')}" }`;
    return fail('plugin_build_failed', { plugin, file, what: 'it names an unknown engine', hint }, error);
  }
}

/** Turns a module into a component, by engine. */
export const componentizeWith: Readonly<Record<Engine, (script: Script) => Promise<Uint8Array>>> = {
  async quickjs({ worldDir, code: jsSource }) {
    const { componentize } = await import('componentize-qjs');
    // The runtime optimized for size is a third smaller but takes 50 % longer for the same work.
    const options = { witPath: worldDir, world: worldName, jsSource, sync: true, stubWasi: true, optSize: false };
    return (await componentize(options)).component;
  },

  /** Console, clock and random numbers come from the prelude; only the part of WASI that fetch needs is kept. */
  async starlingmonkey({ descriptor, folder, worldDir, code }) {
    const { componentize } = await importStarlingMonkey(descriptor.id, folder);
    const { required_capabilities, optional_capabilities } = descriptor;
    const fetches = [...required_capabilities, ...optional_capabilities].includes('outbound_http');
    const { component } = await componentize(code, await witText(worldDir), {
      worldName,
      disableFeatures: ['stdio', 'random', 'clocks', 'fetch-event', ...(fetches ? [] : (['http'] as const))],
    } as Parameters<typeof componentize>[2]);
    return component;
  },
};

/** Joins all WIT files into one package, because this componentizer does not read folders. */
async function witText(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.wit'));
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')));
  const line = /^package .*;$/m;
  return [line.exec(texts[0] ?? '')?.[0], ...texts.map(text => text.replace(line, ''))].join('\n');
}

const starlingMonkey = { name: '@bytecodealliance/componentize-js', version: '0.23.0' };

/** Imports StarlingMonkey, which is large and rarely needed and so is installed by the author. @throws Fault `toolchain_missing` */
async function importStarlingMonkey(
  plugin: string,
  folder: string,
): Promise<typeof import('@bytecodealliance/componentize-js')> {
  const { name, version } = starlingMonkey;
  const manifest = installed(name, folder);
  if (manifest === undefined) {
    const hint = `run in ${folder}: npm install --save-dev --save-exact ${name}@${version}`;
    return fail('toolchain_missing', { plugin, what: 'StarlingMonkey is not installed', hint });
  }
  const { exports } = JSON.parse(await readFile(manifest, 'utf8'));
  return import(pathToFileURL(join(dirname(manifest), exports.import)).href);
}

/** Returns the path of a package's package.json as resolved from `folder`; undefined when it is not installed. */
function installed(name: string, folder: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(join(resolve(folder), 'plugin.json')));
  } catch {
    return undefined;
  }
}
