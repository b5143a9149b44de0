import { join } from 'node:path';
import { readDescriptorFile } from '../../artifact/read-descriptor-file.ts';
import { defineCommand } from '../../command.ts';
import { readIfThere } from '../../read-input.ts';

const contract = join(import.meta.dirname, '../../../../../wit');

export const command = defineCommand({
  summary: 'make a component of a plugin in JavaScript or Rust, with its descriptor embedded',
  arguments: { FOLDER: { says: 'the folder of the plugin, with its plugin.json' } },
  options: {
    source: { value: 'FILE', says: 'the JavaScript module (default: ID.js in the folder)' },
    out: { value: 'FILE', says: 'the component (default: ID.wasm in the folder)' },
  },
  example: 'sallyport plugin build plugins-examples/redact-emails',
  async run({ options, args: { FOLDER: folder } }) {
    const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
    const out = options.out ?? join(folder, `${descriptor.id}.wasm`);
    const common = { descriptor, witDir: contract, out };
    const { length } = (await readIfThere(join(folder, 'Cargo.toml')))
      ? await (await import('../../build/build-rust.ts')).buildRust({ ...common, folder })
      : await (await import('../../build/build-javascript.ts')).buildJavaScript({
          ...common,
          source: options.source ?? join(folder, `${descriptor.id}.js`),
        });
    return {
      json: { plugin: descriptor.id, component: out, bytes: length },
      text: `plugin: ${descriptor.id}\ncomponent: ${out}\nbytes: ${length}`,
    };
  },
});
