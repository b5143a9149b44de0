import { fail } from '@sallyport/host/core';
import {
  entryArguments,
  listOf,
  readEntryIn,
  registrationOptions,
  sendChange,
  versionOption,
} from '../../admin/registration.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'replace an upstream or a binding that was registered',
  arguments: entryArguments,
  options: { ...registrationOptions, ...versionOption },
  example: 'sallyport admin update binding sales.yaml',
  async run({ options, args: { KIND: kind, FILE: file } }, on) {
    const body = await readEntryIn(file, on);
    const { id } = body;
    if (typeof id !== 'string' || id === '') return fail('usage', { file, what: 'the entry has no id' });
    return sendChange(options, { method: 'PUT', path: [listOf(kind), id], body }, on);
  },
});
