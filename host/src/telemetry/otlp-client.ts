import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Agent, type Dispatcher, request } from 'undici';
import type { HeaderList } from '../core/http-header.ts';
import { proxyFromEnvironment } from '../core/proxy.ts';

export type Signal = 'traces' | 'metrics';

export interface OtlpSettings {
  /** The URL to whose path `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  /** Reads the headers for one request. @throws Error that says why they cannot be read */
  headers(): HeaderList;
  /** The milliseconds that one attempt may take. */
  readonly timeoutMs: number;
  readonly compression: 'gzip' | 'none';
}

/** What became of an export. */
export type Delivery =
  /** It was accepted. The answer may say that parts of it were not. */
  { readonly kind: 'accepted'; readonly body: Uint8Array } | { readonly kind: 'failed'; readonly reason: string };

/** Statuses after which the same export may be tried again (OTLP § Retryable Response Codes). */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const mostAttempts = 4;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** The most of an answer that is read. It has a count and a message. */
const longestAnswer = 64 * 1024;

/** Spans repeat so much that better compression would save a tenth, for five times the time. */
const compressed = promisify(gzip);

/** Sends exports to a collector over OTLP/HTTP: redirects are not followed, and each attempt and pause is bounded. */
export class OtlpClient implements AsyncDisposable {
  readonly #settings: OtlpSettings;
  readonly #dispatcher: Dispatcher;
  readonly #url: URL;

  constructor(settings: OtlpSettings) {
    this.#settings = settings;
    this.#url = new URL(settings.endpoint);
    const { timeoutMs } = settings;
    const options = { connections: 2, pipelining: 1, allowH2: false, connect: { timeout: timeoutMs } };
    this.#dispatcher = proxyFromEnvironment(options) ?? new Agent(options);
  }

  /** The scheme, host and port, for log lines. */
  get origin(): string {
    return this.#url.origin;
  }

  /** Sends an export, again after failures that may pass. Never rejects. @param signal ends the attempts */
  async send(kind: Signal, body: Uint8Array, signal: AbortSignal): Promise<Delivery> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(kind, body, signal);
      if (answer.kind === 'accepted') return answer;
      if (!answer.mayPass || attempt === mostAttempts || signal.aborted)
        return { kind: 'failed', reason: answer.reason };
      const pause = answer.retryAfterMs ?? firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await delay(Math.min(pause, longestPauseMs), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return { kind: 'failed', reason: answer.reason };
    }
  }

  /** Aborts what is being sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #attempt(kind: Signal, body: Uint8Array, signal: AbortSignal): Promise<Attempt> {
    const { timeoutMs, compression, protocol } = this.#settings;
    const isCompressed = compression === 'gzip';
    try {
      const headers = [
        ['content-type', protocol === 'http/json' ? 'application/json' : 'application/x-protobuf'],
        ['user-agent', 'sallyport'],
        ...(isCompressed ? [['content-encoding', 'gzip']] : []),
        ...this.#settings.headers(),
      ].flat();
      const {
        statusCode,
        headers: received,
        body: answer,
      } = await request(this.#urlOf(kind), {
        ...{ method: 'POST', headers, dispatcher: this.#dispatcher },
        body: isCompressed ? await compressed(body, { level: constants.Z_BEST_SPEED }) : body,
        ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const text = await readAnswer(answer);
      if (statusCode >= 200 && statusCode < 300) return { kind: 'accepted', body: text };
      const retryAfterMs = retryAfter(received['retry-after']);
      const reason = `it answered with HTTP status ${statusCode}`;
      return { kind: 'failed', reason, mayPass: retryable.has(statusCode), retryAfterMs };
    } catch (thrown) {
      return { kind: 'failed', reason: reasonOf(thrown, timeoutMs), mayPass: true };
    }
  }

  #urlOf(kind: Signal): URL {
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${kind}`;
    return url;
  }
}

type Attempt =
  | Extract<Delivery, { kind: 'accepted' }>
  | (Extract<Delivery, { kind: 'failed' }> & { readonly mayPass: boolean; readonly retryAfterMs?: number | undefined });

/** Reads an answer, of which more than its bound is not waited for. */
async function readAnswer(body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > longestAnswer) return new Uint8Array();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads the seconds of a Retry-After. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** Returns why an attempt failed, without anything that was sent. */
function reasonOf(thrown: unknown, timeoutMs: number): string {
  if (!(thrown instanceof Error)) return 'it could not be reached';
  const { name, message, code } = thrown as Error & { readonly code?: string };
  if (name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return `it did not answer within ${timeoutMs} ms`;
  }
  if (name === 'AbortError') return 'the gateway was closed';
  return code === undefined ? message : `${message} (${code})`;
}
