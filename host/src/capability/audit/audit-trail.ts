import type { Cancellation } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { LineFile } from '../../core/line-file.ts';
import { LineQueue } from '../../core/line-queue.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';

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

export interface AuditTrail extends AsyncDisposable {
  /** Queues an event. Never fails. */
  write(event: AuditEvent): void;
  /**
   * Returns a promise that resolves when the queue has room, if it is full and hook calls wait for it; otherwise
   * undefined. Absent where events go to the log.
   * @throws the signal's reason when it aborts
   */
  room?(signal?: Cancellation): Promise<void> | undefined;
  /** Reopens the file by its name, after log rotation moved the old one away. @throws Fault `audit_unusable` */
  reopen(): void;
}

export interface AuditOptions {
  /** The file of events, absolute. Without it, they go to the log. */
  readonly file?: string | undefined;
  /** Whether hook calls wait for room in the queue, or events are dropped. `block` unless stated. */
  readonly when_full?: 'block' | 'drop' | undefined;
  /** The number of events that may wait to be written. */
  readonly queue?: number | undefined;
}

/** The characters of events in a queue that hook calls wait for. Refused credentials do not wait, and are dropped beyond it. */
const mostCharacters = 64 * 2 ** 20;

/**
 * Opens the audit trail: JSON lines in a file, or in the log if no file is set. Events in the file are written in groups,
 * each followed by a sync of the disk; what is queued is written when the trail closes or the process exits.
 * @throws Fault `audit_unusable`
 */
export function openAuditTrail(options: AuditOptions, log: Log, metrics: Metrics): AuditTrail {
  const { file, when_full: whenFull = 'block', queue = 10_000 } = options;
  if (file === undefined) {
    return { write: event => log.info({ audit: event }, 'audit'), reopen() {}, async [Symbol.asyncDispose]() {} };
  }
  const warning = new RepeatedWarning(log, 'audit events cannot be written; trying again');
  const opened = openAuditFile(file, error => warning.write('', { file, reason: fileProblem(error) }));
  const name = 'sallyport_audit_dropped_total';
  metrics.declare(name, { type: 'counter', help: 'Audit events that were dropped.' });
  const counted = metrics.series(name, {});
  const lines = new LineQueue<string>({
    ...{ file: opened, queue, whenFull, mostCharacters },
    format: (line, dropped) => (dropped > 0 ? `{"dropped":${dropped},${line.slice(1)}` : line),
    written() {},
    dropped: count => counted.add(count),
    unusable(line, error) {
      log.error({ audit: line, error }, 'an audit event could not be written to the audit file');
    },
    lost(_count, text) {
      for (const line of text.trimEnd().split('\n'))
        log.error({ audit: JSON.parse(line), file }, 'an audit event could not be written to the audit file');
    },
  });
  let isClosed = false;
  return {
    write(event) {
      if (isClosed) return;
      const line = JSON.stringify({ time: new Date().toISOString(), ...event });
      lines.add(line, line.length);
    },
    room: signal => lines.room(signal),
    reopen: () => usable(file, () => lines.reopen()),
    [Symbol.asyncDispose]() {
      isClosed = true;
      return lines[Symbol.asyncDispose]();
    },
  };
}

/** Opens a file of audit events. @throws Fault `audit_unusable` */
export const openAuditFile = (file: string, onProblem: (error: unknown) => void = () => {}): LineFile =>
  usable(file, () => new LineFile(file, onProblem));

/** @throws Fault `audit_unusable` */
function usable<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    return fail('audit_unusable', { file, reason: fileProblem(error) }, error);
  }
}
