import { cut } from '../core/cut.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { doubleOf } from '../core/json-number.ts';
import type { RpcError } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';

/** Notifications that say all by their name. */
const listChanges = new Set(['tools', 'prompts', 'resources'].map(kind => `notifications/${kind}/list_changed`));

/** Characters of an upstream's error that stand in the log. */
const shown = 1000;

/**
 * The part of a notification that holds no text of the upstream; undefined when there is none. Numbers lose the digits
 * that a double does not hold: any text can be written in digits.
 */
export function withoutText({ method, params = {} }: Notification): Notification | undefined {
  if (listChanges.has(method)) return { method };
  if (method !== 'notifications/progress') return undefined;
  const numbers: JsonObject = Object.fromEntries(
    ['progress', 'total'].flatMap(name => {
      const number = doubleOf(params[name]);
      return Number.isFinite(number) ? [[name, number]] : [];
    }),
  );
  return numbers.progress === undefined ? undefined : { method, params: numbers };
}

/** The error of an upstream, for the log. Where texts are withheld, a client gets its code and words of our own. */
export const upstreamError = ({ code, message }: RpcError, upstream: string | undefined): Fault =>
  new Fault('upstream_error', {
    ...(upstream === undefined ? {} : { upstream }),
    rpc: code,
    hint: `the upstream said: ${cut(message, shown)}`,
  });
