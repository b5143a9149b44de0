import { mkdir } from 'node:fs/promises';
import { publicKeyOption, readFiles } from '../../artifact/plugin-files.ts';
import { toldFiles, writeFiles } from '../../artifact/write-files.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'take the component, its signature and its plugin.json out of a zip',
  about: 'Nothing is written when the zip is refused, and no file that is there already is overwritten.',
  arguments: { 'X.zip': { says: 'what plugin pack wrote' } },
  options: { out: { value: 'FOLDER', default: '.', says: 'where the three files are put' }, ...publicKeyOption },
  example: 'sallyport plugin unpack redact-emails-0.1.0.zip --out redact-emails',
  async run({ options: { out, key }, args: { 'X.zip': zip } }) {
    const files = await readFiles(zip, key);
    await mkdir(out, { recursive: true });
    return toldFiles(files.signed, await writeFiles(out, files));
  },
});
