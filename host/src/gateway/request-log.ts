import { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { CallRecord } from './call.ts';

/** What the one log line of a request tells. */
export interface RequestLine extends CallRecord {
  /** Its id, which clients get with an error and plugins in their context. */
  readonly request: string;
  /** Of the message, or else of HTTP. */
  readonly method: string | undefined;
  readonly binding: string | undefined;
  readonly status: number;
  /** Milliseconds until the answer was written. */
  readonly ms: number;
  /** Progress and log messages that were not sent, because the client did not read. */
  readonly dropped?: number;
}

/** HTTP status that stands in the log when the client left before it was answered. */
export const clientLeft = 499;

/** Writes it. What was thrown tells the level: a fault is for the operator to know, anything else is our mistake. */
export function logRequest(log: Log, { plugins, calls, status, ms, ...line }: RequestLine, thrown: unknown): void {
  const told = {
    ...line,
    status: status === 0 ? clientLeft : status,
    ms: rounded(ms),
    plugins: plugins?.map(hookCall),
    calls: calls?.map(({ plugins, ms, ...call }) => ({ ...call, ms: rounded(ms), plugins: plugins?.map(hookCall) })),
  };
  if (thrown === undefined) log.info(told, 'request');
  else if (thrown instanceof Fault && thrown.code !== 'internal') {
    log.warn({ ...told, code: thrown.code, hint: thrown.hint }, 'request');
  } else log.error({ ...told, code: 'internal', err: thrown }, 'request');
}

const hookCall = ({ plugin, hook, outcome, wallMs }: NonNullable<CallRecord['plugins']>[number]) => ({
  ...{ plugin, hook, outcome, ms: wallMs },
});

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 100) / 100);
