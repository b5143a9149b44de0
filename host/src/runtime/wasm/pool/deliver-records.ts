import type { HeardCall } from '../../../capability/capability.ts';
import type { Note } from '../../../contract/hook-call.ts';
import type { Log } from '../../../core/log.ts';
import type { CallRecords, LogLine } from '../lane/message.ts';

/** Stands for the hook call while a plugin starts. */
export const startCall: HeardCall = { requestId: '', binding: '', upstream: '' };

/** Writes the log lines of a call, and hands its notes to their capabilities. */
export function deliverRecords(
  { logs, notes }: CallRecords,
  call: HeardCall,
  { log, deliverNote }: { readonly log: Log; deliverNote(note: Note, call: HeardCall): void },
): void {
  writeLogs(log, logs, call);
  for (const note of notes) deliverNote(note, call);
}

/** Writes log lines of plugins, under their ids. */
function writeLogs(log: Log, lines: readonly LogLine[], call: HeardCall): void {
  const { requestId: request, tenant } = call;
  const about = call === startCall ? {} : { request, ...(tenant !== undefined && { tenant }) };
  // A lane may send anything: an invalid level must not call another method of the log.
  for (const { plugin, level, message } of lines)
    log[logLevels.has(level) ? level : 'warn']({ plugin, ...about }, String(message));
}

const logLevels: ReadonlySet<unknown> = new Set<LogLine['level']>(['debug', 'info', 'warn', 'error']);
