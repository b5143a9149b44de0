import { kindArgument, listOf, registrationOptions, sendChange, versionOption } from '../../admin/registration.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'remove an upstream or a binding that was registered',
  arguments: { ...kindArgument, ID: { says: 'its id' } },
  options: { ...registrationOptions, ...versionOption },
  example: 'sallyport admin unregister upstream crm',
  async run({ options, args: { KIND: kind, ID: id } }, on) {
    return sendChange(options, { method: 'DELETE', path: [listOf(kind), id] }, on);
  },
});
