import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities } from '@sallyport/host/capability';
import { kinds, type PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';

const contract = join(import.meta.dirname, '../../../../wit');

/** Interfaces that every plugin may import. */
const always = ['log', 'context'];
const ours = /^sallyport:plugin\/(?<name>[^@]+)@/;
/** The sallyport:plugin interface of each capability. */
const interfaceOf = new Map(
  capabilities
    .flatMap(({ name, wit }) => wit.flatMap(each => [[name, ours.exec(each)?.groups?.name] as const]))
    .filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
);
/** Returns the interfaces that a plugin of this kind exports. */
export const exportsOf = (kind: PluginDescriptor['kind']): readonly string[] => ['lifecycle', kinds[kind].exports];

/** The name of the world that pluginWorld writes. */
export const worldName = 'plugin';

/**
 * Writes the plugin's own world as WIT text. It imports only what the descriptor names, because some toolchains import
 * a whole world.
 * @throws Fault `plugin_build_failed` for an unknown capability
 */
export function pluginWorld(descriptor: PluginDescriptor): string {
  const asked = [...descriptor.required_capabilities, ...descriptor.optional_capabilities].map(capability => {
    const name = interfaceOf.get(capability);
    if (name) return name;
    const hint = `use one of ${[...interfaceOf.keys()].join(', ')}`;
    return fail('plugin_build_failed', { plugin: descriptor.id, what: `unknown capability ${capability}`, hint });
  });
  const lines = [
    ...[...always, ...asked.sort()].map(name => `import ${name};`),
    ...exportsOf(descriptor.kind).map(name => `export ${name};`),
  ];
  return `package sallyport:plugin@0.1.0;\n\nworld ${worldName} {\n${lines.map(line => `  ${line}\n`).join('')}}\n`;
}

/** Writes the interfaces of the contract and the plugin's own world into the folder `out`. */
export async function writeWorld(descriptor: PluginDescriptor, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const name of await readdir(contract)) {
    if (name.endsWith('.wit') && name !== 'worlds.wit') await cp(join(contract, name), join(out, name));
  }
  await writeFile(join(out, 'world.wit'), pluginWorld(descriptor));
}
