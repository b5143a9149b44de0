import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { componentInfo, embedDescriptor } from '@sallyport/host/wasm';
import { replaceFile } from '../write-file.ts';
import { exportingHint, type Toolchain } from './toolchain.ts';
import { toolchainOf } from './toolchains.ts';
import { exportsOf, writeWorld } from './world.ts';

export interface PluginBuild {
  /** The plugin's folder. */
  readonly folder: string;
  readonly descriptor: PluginDescriptor;
  /** The entry module, where the language leaves a choice. */
  readonly source?: string | undefined;
  /** Where the component is written. */
  readonly out: string;
  /** Prints a line for the user; by default nothing is printed. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltPlugin {
  /** The component, with its descriptor embedded. */
  readonly bytes: Uint8Array;
  readonly toolchain: Toolchain;
}

/**
 * Builds a plugin with the toolchain of its language, embeds its descriptor, and writes the component.
 * @throws Fault `plugin_build_failed`, `toolchain_missing`, `file_unwritable`; `out` is unchanged then
 */
export async function buildPlugin(plugin: PluginBuild): Promise<BuiltPlugin> {
  const { folder, descriptor, source, out, say = () => {}, signal = new AbortController().signal } = plugin;
  const toolchain = await toolchainOf(descriptor.id, folder, source);
  const worldDir = await mkdtemp(join(tmpdir(), 'sallyport-world-'));
  try {
    await writeWorld(descriptor, worldDir);
    const project = { folder, descriptor, worldDir, say, signal, ...(source !== undefined && { source }) };
    const component = await toolchain.build(project);
    signal.throwIfAborted();
    requireExports(component, descriptor, toolchain);
    const bytes = embedDescriptor(component, descriptor);
    await replaceFile(out, bytes);
    return { bytes, toolchain };
  } finally {
    await rm(worldDir, { recursive: true, force: true });
  }
}

/** Checks that the component has the exports of its kind, which not every toolchain does. @throws Fault `plugin_build_failed` */
function requireExports(component: Uint8Array, { id: plugin, kind }: PluginDescriptor, toolchain: Toolchain): void {
  const { exports } = componentInfo(component);
  const missing = exportsOf(kind).filter(name => !exports.some(each => each.startsWith(`sallyport:plugin/${name}@`)));
  if (missing.length === 0) return;
  const what = `the component does not export ${missing.join(' or ')}, which a ${kind} plugin must`;
  fail('plugin_build_failed', { plugin, what, hint: exportingHint(toolchain, kind) });
}
