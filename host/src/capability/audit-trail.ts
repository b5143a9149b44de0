import { closeSync, openSync, writeSync } from 'node:fs';
import { fail } from '../core/fault.ts';
import type { Log } from '../core/log.ts';

/** One event that somebody may ask about later. */
export interface AuditEvent {
  /** `capability.refused`, or `plugin.` and the name that a plugin gave it. */
  readonly event: string;
  readonly plugin: string;
  readonly capability: string;
  readonly request: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  readonly details: unknown;
}

export interface AuditTrail extends Disposable {
  write(event: AuditEvent): void;
}

/**
 * Audit events as JSON lines: in `file` (absolute), or in the log where there is none. What was written to the file
 * survives the end of the process.
 * @throws Fault `audit_unusable`
 */
export function openAuditTrail(file: string | undefined, log: Log): AuditTrail {
  if (file === undefined) return { write: event => log.info({ audit: event }, 'audit'), [Symbol.dispose]() {} };
  let descriptor: number | undefined = open(file);
  return {
    write(event) {
      try {
        if (descriptor !== undefined) {
          writeSync(descriptor, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
        }
      } catch (error) {
        log.error({ audit: event, reason: String(error) }, 'an audit event could not be written to its file');
      }
    },
    [Symbol.dispose]() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (error) {
    return fail('audit_unusable', { file, reason: error instanceof Error ? error.message : String(error) }, error);
  }
}
