import { appendFileSync, closeSync, constants, openSync } from 'node:fs';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import type { Log } from '../../core/log.ts';

/** One event of the audit trail. */
export interface AuditEvent {
  /** `capability.refused`, `authentication.refused`, `access.refused`, or `plugin.` and the name that a plugin gave it. */
  readonly event: string;
  readonly plugin?: string;
  readonly capability?: string;
  readonly request?: string | undefined;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  readonly details: unknown;
  /** The number of events like this one that were not written, because there were too many in a short time. */
  readonly suppressed?: number;
}

export interface AuditTrail extends Disposable {
  write(event: AuditEvent): void;
  /** Reopens the file by its name, after log rotation moved the old one away. @throws Fault `audit_unusable` */
  reopen(): void;
}

/**
 * Writes audit events as JSON lines: to `file` (absolute), or to the log if no file is set. Events in the file survive the
 * end of the process.
 * @throws Fault `audit_unusable`
 */
export function openAuditTrail(file: string | undefined, log: Log): AuditTrail {
  if (file === undefined) {
    return { write: event => log.info({ audit: event }, 'audit'), reopen() {}, [Symbol.dispose]() {} };
  }
  let descriptor: number | undefined = open(file);
  // A full disk may have taken half a line: the next event begins a line of its own.
  let lineEnd = '';
  return {
    write(event) {
      if (descriptor === undefined) return;
      try {
        appendFileSync(descriptor, `${lineEnd}${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
        lineEnd = '';
      } catch (error) {
        lineEnd = '\n';
        log.error(
          { audit: event, file, reason: fileProblem(error) },
          'an audit event could not be written to the audit file',
        );
      }
    },
    reopen() {
      const before = descriptor;
      descriptor = open(file);
      lineEnd = '';
      if (before !== undefined) closeSync(before);
    },
    [Symbol.dispose]() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function open(file: string): number {
  try {
    // Opening a pipe without a reader would wait forever.
    return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    return fail('audit_unusable', { file, reason: fileProblem(error) }, error);
  }
}
