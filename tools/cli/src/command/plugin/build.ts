import { join } from 'node:path';
import { capabilities, decideGrant } from '@sallyport/host/capability';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { digestOf, type Fault, toFaults } from '@sallyport/host/core';
import { componentInfo } from '@sallyport/host/wasm';
import { anatomyOf } from '../../artifact/anatomy.ts';
import { formatParts } from '../../artifact/format-parts.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'build a plugin into a component with its descriptor embedded',
  about: `Uses the toolchain of the plugin's language. Building runs code of the folder on this machine: Rust build scripts,
npm packages, Python modules. Build only what you trust.`,
  arguments: {
    FOLDER: { says: 'the plugin’s folder, with its plugin.json (default: the current one)', optional: true },
  },
  options: {
    source: { value: 'FILE', says: 'the entry module, if the folder does not name one' },
    out: { value: 'FILE', says: 'the component to write (default: ID.wasm in the folder)' },
  },
  example: 'sallyport plugin build plugins-examples/redact-emails',
  async run({ options: { source, out: named }, args: { FOLDER: folder = '.' } }, { terminal, signal }) {
    const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
    const out = named ?? join(folder, `${descriptor.id}.wasm`);
    const [{ buildPlugin }, { readSources, stampBuild }] = await Promise.all([
      import('../../build/build-plugin.ts'),
      import('../../build/build-stamp.ts'),
    ]);
    using _ = terminal.busy(`building ${descriptor.id}`);
    const sources = await readSources(folder);
    const { bytes, toolchain } = await buildPlugin({ folder, descriptor, source, out, say: terminal.say, signal });
    if (named === undefined) await stampBuild(folder, bytes, sources);
    const { imports } = componentInfo(bytes);
    const { parts } = anatomyOf(bytes);
    const { id: plugin } = descriptor;
    const { language, reproducible } = toolchain;
    const digest = digestOf(bytes);
    for (const { code, details } of unimported(imports, descriptor)) {
      terminal.say(`${plugin}: a gateway will refuse it: ${code} ${details.capability}, which its code does not use`);
    }
    return {
      json: { plugin, language, component: out, digest, reproducible, bytes: bytes.length, imports, parts },
      text: [
        `plugin: ${plugin}`,
        `language: ${language}${reproducible ? '' : ' (not reproducible: its toolchain gives different bytes each time)'}`,
        `component: ${out}`,
        `digest: ${digest}`,
        // `plugin inspect` shows the rest.
        ...formatParts(
          bytes.length,
          parts.filter(part => part.bytes * 100 >= bytes.length),
        ),
      ].join('\n'),
    };
  },
});

/** Lists required capabilities that the component does not import. */
function unimported(imports: readonly string[], descriptor: PluginDescriptor): readonly Fault[] {
  try {
    const asked = [...descriptor.required_capabilities, ...descriptor.optional_capabilities];
    decideGrant(imports, descriptor, Object.fromEntries(asked.map(name => [name, {}])), capabilities);
    return [];
  } catch (error) {
    return toFaults(error).filter(({ code }) => code === 'capability_unused');
  }
}
