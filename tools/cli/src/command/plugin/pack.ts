import { basename } from 'node:path';
import { agreeing, publicKeyOption } from '../../artifact/plugin-files.ts';
import { writeZip } from '../../artifact/plugin-zip.ts';
import { defineCommand } from '../../command.ts';
import { readInput } from '../../read-input.ts';
import { replaceFile } from '../../write-file.ts';

export const command = defineCommand({
  summary: 'pack a signed component, its signature and its plugin.json into a zip',
  about: 'A plugin.json that differs from the signed descriptor is refused. The same files give the same zip.',
  arguments: {},
  options: {
    descriptor: { value: 'FILE', required: true, says: 'the plugin.json' },
    artifact: { value: 'FILE', required: true, says: 'the component' },
    signature: { value: 'FILE', required: true, says: 'the signature, as written by plugin sign or openssl' },
    out: { value: 'FILE', required: true, says: 'the zip to write' },
    ...publicKeyOption,
  },
  example: `sallyport plugin pack --descriptor plugin.json --artifact redact_emails.wasm \\
    --signature redact_emails.wasm.sig --out redact-emails-0.1.0.zip`,
  async run({ options: { descriptor, artifact, signature, out, key } }) {
    const files = await agreeing(
      {
        name: basename(artifact).replace(/(\.wasm)?$/, '.wasm'),
        component: await readInput(artifact),
        signature: await readInput(signature),
        descriptor: await readInput(descriptor),
      },
      { file: artifact },
      key,
    );
    const zip = await writeZip(files);
    await replaceFile(out, zip);
    const { id, version } = files.signed;
    return {
      json: { plugin: id, version, zip: out, bytes: zip.length },
      text: `plugin: ${id} ${version}\nzip: ${out}\nbytes: ${zip.length}`,
    };
  },
});
