import { join } from 'node:path';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'make a component of a plugin with the toolchain of its language, with its descriptor embedded',
  arguments: { FOLDER: { says: 'the folder of the plugin, with its plugin.json (default: this one)', optional: true } },
  options: {
    source: { value: 'FILE', says: 'the module to begin with, where the folder does not say' },
    out: { value: 'FILE', says: 'the component (default: ID.wasm in the folder)' },
  },
  example: 'sallyport plugin build plugins-examples/redact-emails',
  async run({ options: { source, out: named }, args: { FOLDER: folder = '.' } }, { terminal, signal }) {
    const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
    const out = named ?? join(folder, `${descriptor.id}.wasm`);
    const { buildPlugin } = await import('../../build/build-plugin.ts');
    const { bytes } = await buildPlugin({ folder, descriptor, source, out, say: terminal.say, signal });
    return {
      json: { plugin: descriptor.id, component: out, bytes: bytes.length },
      text: `plugin: ${descriptor.id}\ncomponent: ${out}\nbytes: ${bytes.length}`,
    };
  },
});
