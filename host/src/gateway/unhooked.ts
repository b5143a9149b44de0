import { cut } from '../core/cut.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { doubleOf } from '../core/json-number.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import type { RpcError } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import { hookedMethods } from '../mcp/methods.ts';

/**
 * Whether clients get texts that no hook sees: log and progress messages, and errors of upstreams. With `drop`, a
 * binding with an after hook withholds them, because a redaction would not see them.
 */
export type Unhooked = 'drop' | 'pass';

/** Whether text of upstreams that no hook sees is kept from clients: a plugin that redacts results would not see it. */
export const isWithheld = (unhooked: Unhooked, chain: HookChain): boolean =>
  unhooked === 'drop' && hookedMethods.some(method => chain.handles('after', method));

/** Notifications without content. */
const listChanges = new Set(['tools', 'prompts', 'resources'].map(kind => `notifications/${kind}/list_changed`));

/** The maximum length of an upstream's error in the log. */
const shown = 1000;

/**
 * Returns the part of a notification without the upstream's text; undefined if nothing is left. Numbers are rounded to
 * doubles, because any text can be encoded in digits.
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

/** Converts an upstream's error for the log. If texts are withheld, the client gets the code with a message of ours. */
export const upstreamError = ({ code, message }: RpcError, upstream: string | undefined): Fault =>
  new Fault('upstream_error', {
    ...(upstream === undefined ? {} : { upstream }),
    rpc: code,
    hint: `the upstream said: ${cut(message, shown)}`,
  });
