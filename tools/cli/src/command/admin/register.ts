import { entryArguments, listOf, readEntryIn, registrationOptions, sendChange } from '../../admin/registration.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'add an upstream or a binding to a running gateway, which keeps it across restarts',
  arguments: entryArguments,
  options: registrationOptions,
  example: 'sallyport admin register upstream crm.yaml --dry-run',
  async run({ options, args: { KIND: kind, FILE: file } }, on) {
    const body = await readEntryIn(file, on);
    return sendChange(options, { method: 'POST', path: [listOf(kind)], body }, on);
  },
});
