import type { Cancellation } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { LineFile } from '../../core/line-file.ts';
import { type LateLine, LineQueue } from '../../core/line-queue.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import { type LedgerOptions, openLineOutput } from '../../ledger/open-ledger.ts';
import { openSigningKey } from '../../ledger/signing-key.ts';

/** One event of the audit trail. */
export interface AuditEvent {
  /** What happened, such as `capability.refused`; `plugin.` and the name that a plugin gave it; docs/audit.md lists them. */
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
  /** Queues an event of which the members are JSON already, without braces and `time`. Never fails. */
  writeMembers(members: string): void;
  /** Queues a line that is made later. Never fails. Absent where events go to the log. */
  writeLater?(line: LateLine): void;
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
  /** Where events go: by default to the file, or to the log if there is no file. */
  readonly sink?: 'file' | 'stdout' | undefined;
  /** The file of events, absolute. */
  readonly file?: string | undefined;
  /** How the lines are chained and signed; without it, they are not. */
  readonly ledger?: LedgerOptions | undefined;
  /** Whether hook calls wait for room in the queue, or events are dropped. `block` unless stated. */
  readonly when_full?: 'block' | 'drop' | undefined;
  /** The number of events that may wait to be written. */
  readonly queue?: number | undefined;
}

/** The characters of events in a queue that hook calls wait for. Refused credentials do not wait, and are dropped beyond it. */
const mostCharacters = 64 * 2 ** 20;

/**
 * Opens the audit trail: JSON lines in a file or on the standard output, or in the log if neither is set. Lines are
 * written in groups, those of a file each followed by a sync of the disk; what is queued is written when the trail closes
 * or the process exits.
 * @throws Fault `audit_unusable`
 */
export function openAuditTrail(options: AuditOptions, log: Log, metrics: Metrics): AuditTrail {
  const { file, sink, ledger, when_full: whenFull = 'block', queue = 10_000 } = options;
  const to = sink === 'stdout' ? sink : file === undefined ? undefined : { file };
  if (to === undefined) {
    return {
      write: event => log.info({ audit: event }, 'audit'),
      writeMembers: members => log.info({ audit: JSON.parse(`{${members}}`) }, 'audit'),
      reopen() {},
      async [Symbol.asyncDispose]() {},
    };
  }
  const about = file === undefined ? {} : { file };
  const warning = new RepeatedWarning(log, 'audit events cannot be written; trying again');
  const output = usable(about, () =>
    openLineOutput(to, ledger, {
      onProblem: error => warning.write('', { file, reason: fileProblem(error) }),
      onUnverified: found => log.error({ file, found }, 'the end of the audit log is not as a gateway left it'),
    }),
  );
  const name = 'sallyport_audit_dropped_total';
  metrics.declare(name, { type: 'counter', help: 'Audit events that were dropped.' });
  const counted = metrics.series(name, {});
  const lines = new LineQueue<string | LateLine>({
    ...{ output, queue, whenFull, mostCharacters },
    format: (line, dropped) => (typeof line === 'string' ? withDropped(line, dropped) : line.format(dropped)),
    written() {},
    dropped: count => counted.add(count),
    unusable(line, error) {
      if (typeof line !== 'string') line.unusable(error);
      else log.error({ audit: line, error }, 'an audit event could not be written to the audit file');
    },
    lost(refused) {
      for (const line of refused)
        log.error({ audit: JSON.parse(line), file }, 'an audit event could not be written to the audit file');
    },
  });
  let isClosed = false;
  const now = createClock();
  return {
    write(event) {
      if (isClosed) return;
      const line = JSON.stringify({ time: now(), ...event });
      lines.add(line, line.length);
    },
    writeMembers(members) {
      if (isClosed) return;
      const line = `{"time":"${now()}",${members}}`;
      lines.add(line, line.length);
    },
    writeLater(line) {
      if (!isClosed) lines.add(line, line.characters);
    },
    room: signal => lines.room(signal),
    reopen: () => usable(about, () => lines.reopen()),
    [Symbol.asyncDispose]() {
      isClosed = true;
      return lines[Symbol.asyncDispose]();
    },
  };
}

/** Returns the time as text, formatted once a millisecond. */
function createClock(): () => string {
  let [latest, text] = [Number.NaN, ''];
  return () => {
    const time = Date.now();
    if (time !== latest) [latest, text] = [time, new Date(time).toISOString()];
    return text;
  };
}

const withDropped = (line: string, dropped: number) => (dropped > 0 ? `{"dropped":${dropped},${line.slice(1)}` : line);

/** Tries whether events can be written, without a line. @throws Fault `audit_unusable` */
export function tryAuditFile(file: string): void {
  usable({ file }, () => new LineFile(file, () => {}).close());
}

/** Tries whether the key that signs can be read or made. @throws Fault `audit_unusable` */
export function tryAuditKey(file: string): void {
  usable({ key_file: file }, () => openSigningKey(file));
}

/** @throws Fault `audit_unusable` */
function usable<T>(about: { readonly file?: string; readonly key_file?: string }, open: () => T): T {
  try {
    return open();
  } catch (error) {
    return fail('audit_unusable', { ...about, reason: fileProblem(error) }, error);
  }
}
