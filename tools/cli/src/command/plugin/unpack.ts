import { mkdir } from 'node:fs/promises';
import { publicKeyOption, readFiles } from '../../artifact/plugin-files.ts';
import { filesResult, writeFiles } from '../../artifact/write-files.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'unpack the component, its signature and its plugin.json from a zip',
  about: 'If the zip is refused, nothing is written. Existing files are not overwritten.',
  arguments: { 'X.zip': { says: 'a zip from plugin pack' } },
  options: { out: { value: 'FOLDER', default: '.', says: 'the folder for the three files' }, ...publicKeyOption },
  example: 'sallyport plugin unpack redact-emails-0.1.0.zip --out redact-emails',
  async run({ options: { out, key }, args: { 'X.zip': zip } }) {
    const files = await readFiles(zip, key);
    await mkdir(out, { recursive: true });
    return filesResult(files.signed, await writeFiles(out, files));
  },
});
