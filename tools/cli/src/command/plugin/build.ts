import { join } from 'node:path';
import { decideGrant } from '@sallyport/host/capability/grant';
import { capabilities } from '@sallyport/host/capability/registry';
import type { PluginDescriptor } from '@sallyport/host/contract/plugin-descriptor';
import { digestOf } from '@sallyport/host/core/digest';
import { type Fault, toFaults } from '@sallyport/host/core/fault';
import { componentInfo } from '@sallyport/host/wasm/component-info';
import { anatomyOf } from '../../artifact/anatomy.ts';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { tellParts } from '../../artifact/tell-parts.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'make a component of a plugin with the toolchain of its language, with its descriptor embedded',
  about: `Building runs programs of the folder on this machine: build scripts of Rust, npm packages that are a toolchain,
modules of Python. Build what you trust.`,
  arguments: { FOLDER: { says: 'the folder of the plugin, with its plugin.json (default: this one)', optional: true } },
  options: {
    source: { value: 'FILE', says: 'the module to begin with, where the folder does not say' },
    out: { value: 'FILE', says: 'the component (default: ID.wasm in the folder)' },
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
      terminal.say(`${plugin}: a gateway will refuse it: ${code} ${details.capability}, which nothing in it uses`);
    }
    return {
      json: { plugin, language, component: out, digest, reproducible, bytes: bytes.length, imports, parts },
      text: [
        `plugin: ${plugin}`,
        `language: ${language}${reproducible ? '' : ', whose toolchain does not make the same bytes twice'}`,
        `component: ${out}`,
        `digest: ${digest}`,
        // The rest is for plugin inspect.
        ...tellParts(
          bytes.length,
          parts.filter(part => part.bytes * 100 >= bytes.length),
        ),
      ].join('\n'),
    };
  },
});

/** Required capabilities that the component does not import. */
function unimported(imports: readonly string[], descriptor: PluginDescriptor): readonly Fault[] {
  try {
    const asked = [...descriptor.required_capabilities, ...descriptor.optional_capabilities];
    decideGrant(imports, descriptor, Object.fromEntries(asked.map(name => [name, {}])), capabilities);
    return [];
  } catch (error) {
    return toFaults(error).filter(({ code }) => code === 'capability_unused');
  }
}
