import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../../core/fault.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { EgressAnswer, EgressRequest } from '../../../egress/request.ts';
import { isIdempotent } from '../operation/tool.ts';
import type { HttpResponse } from './read-answer.ts';

/** Statuses after which the same request may succeed. */
const passing = new Set([429, 502, 503, 504]);
/** Milliseconds before a request is sent again: at first, and at most if the server says when. */
const pause = { first: 200, most: 10_000 };

export interface SendOptions {
  readonly upstream: string;
  /** How often an idempotent request is sent again. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** Thrown for an answer that is larger than allowed. */
export class AnswerTooLarge extends Error {}

/**
 * Sends a request, and sends it again where it is idempotent and the failure may pass.
 * @throws Fault `upstream_…` when there is no response, AnswerTooLarge, and the reason of the signal
 */
export async function send(egress: Egress, request: EgressRequest, options: SendOptions): Promise<HttpResponse> {
  const { upstream, retries, signal } = options;
  const most = isIdempotent(request.method) ? retries : 0;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await egress.request(request, { signal });
    signal.throwIfAborted();
    const wait = attempt < most ? waitFor(answer, attempt) : undefined;
    if (wait === undefined) {
      if ('ok' in answer) return answer.ok;
      throw failureOf(upstream, request, answer.err);
    }
    await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Returns the milliseconds after which to send again; undefined if that would not help. */
function waitFor(answer: EgressAnswer, attempt: number): number | undefined {
  const own = pause.first * 2 ** attempt;
  if ('err' in answer) return answer.err.tag === 'failed' ? own : undefined;
  const { status, headers } = answer.ok;
  if (!passing.has(status)) return undefined;
  const stated = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '';
  if (!/^\d{1,6}$/.test(stated)) return own;
  const ms = Number(stated) * 1_000;
  return ms > pause.most ? undefined : Math.max(ms, own);
}

/** What the messages of Node and OpenSSL mean. */
const unreachable =
  /ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL|not resolve|no address/i;
const untrusted = /certificate|altname|SSL|TLS/i;

function failureOf(
  upstream: string,
  { url }: EgressRequest,
  err: Extract<EgressAnswer, { readonly err: unknown }>['err'],
): Error {
  const { origin } = new URL(url);
  if (err.tag === 'too-large') return new AnswerTooLarge();
  if (err.tag === 'timeout') return new Fault('upstream_timeout', { upstream, hint: `${origin} answers too slowly` });
  if (err.tag === 'denied') {
    const hint = `${err.val}: if that is intended, set openapi.base_url to the address, or openapi.allow_private`;
    return new Fault('upstream_unavailable', { upstream, hint });
  }
  const hint = `${origin}: ${err.val}`;
  if (unreachable.test(err.val)) return new Fault('upstream_unavailable', { upstream, hint });
  return new Fault(untrusted.test(err.val) ? 'upstream_tls' : 'upstream_closed', { upstream, hint });
}
