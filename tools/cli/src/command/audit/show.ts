import { readAudit } from '@sallyport/host/command';
import { type JsonObject, visible } from '@sallyport/host/core';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  summary: 'print the events of an audit log, or some of them',
  about:
    'Reads the files in their order, and verifies nothing. With --json, prints the lines as they are.\n' +
    'With --follow, goes on with what is appended to the last file, also after it was rotated, until Ctrl-C.',
  arguments: { FILE: { says: 'the files of the log', many: true } },
  options: {
    event: { value: 'NAME', says: 'events of this name, such as call or access.refused' },
    plugin: { value: 'ID', says: 'events of this plugin, and calls that it changed or decided about' },
    subject: { value: 'SUBJECT', says: 'events of this caller' },
    tenant: { value: 'TENANT', says: 'events of this tenant' },
    request: { value: 'ID', says: 'events of this request' },
    since: { value: 'TIME', says: 'events from this time on: 2026-11-30, or 2026-11-30T12:00:00Z' },
    follow: { short: 'f', says: 'go on with new events' },
    until: { value: 'TIME', says: 'events before this time' },
  },
  example: 'sallyport audit show --subject alice --since 2026-11-30 audit.jsonl',
  async run({ options: { follow, ...filter }, args: { FILE: files }, json }, { terminal, signal }) {
    const show = (line: string, members: JsonObject) => terminal.print(json ? line : textOf(members));
    await readAudit(files, filter, show, follow ? signal : undefined);
    return undefined;
  },
});

function textOf({ time, event = 'receipt', v: _v, seq, hash: _hash, key: _key, ...rest }: JsonObject): string {
  return visible(`${time} ${seq ?? '-'} ${event} ${JSON.stringify(rest)}`);
}
