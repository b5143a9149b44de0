import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
  codes,
  Fault,
  type FaultCode,
  type FaultDetails,
  Faults,
  fail,
  isJsonObject,
  isLoopback,
} from '@sallyport/host/core';
import { readBounded } from '@sallyport/host/source';

export interface AdminClientOptions {
  /** Without `/admin`. */
  readonly url: string;
  readonly token: string | undefined;
  /** PEM texts: of authorities instead of the usual ones, and of a client certificate with its key. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Whether the token may be sent over plain http to another machine. */
  readonly allowsPlainHttp: boolean;
  readonly signal: AbortSignal;
}

/** A request to the management API. */
export interface AdminRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The segments after `/admin`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The version that is to be changed. */
  readonly ifMatch?: string | undefined;
}

/** The milliseconds that a gateway may take to answer. A reload loads and verifies plugins. */
const mostMs = 300_000;
/** The bytes that an answer may have. */
const mostBytes = 64 * 1024 * 1024;

/** Calls the management API of a running gateway. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /** Returns the answer, whose form the API describes. @throws Faults of the gateway; Fault `admin_unreachable` */
  async call<T extends object>({ method = 'GET', path, query = {}, body, ifMatch }: AdminRequest): Promise<T> {
    const { url, token, allowsPlainHttp, signal, ...tls } = this.#options;
    // A segment that URLs leave out would lead to another operation.
    const odd = path.find(segment => /^\.{0,2}$/.test(segment));
    if (odd !== undefined) return fail('usage', { id: odd, hint: 'this is not a valid id' });
    const target = URL.parse(`${url.replace(/\/$/, '')}/admin/${path.map(encodeURIComponent).join('/')}`);
    if (target === null || !/^https?:$/.test(target.protocol)) {
      return fail('usage', { url, hint: '--url takes a URL such as http://127.0.0.1:8789' });
    }
    if (token !== undefined && !allowsPlainHttp && target.protocol === 'http:' && !isLoopback(target.hostname)) {
      const hint = 'the token would be sent unencrypted to another machine: use https, or --plain-http if it must be';
      return fail('usage', { url: target.origin, hint });
    }
    target.search = new URLSearchParams(query).toString();
    const sent = body && JSON.stringify(body);
    const options = {
      ...{ method, signal, ...tls, timeout: mostMs },
      headers: {
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
      },
    };
    const asking = new Promise<IncomingMessage>((resolve, reject) => {
      const asked = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, options, resolve);
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${mostMs} ms`)));
      asked.on('error', reject).end(sent);
    });
    // A redirect is an answer like any other: the token goes to the URL that the operator chose, and nowhere else.
    const answer = asking.then(async response => ({ response, text: await readAnswer(response) }));
    const { response, text } = await answer.catch((error: Error) => {
      if (signal.aborted) throw error;
      return fail('admin_unreachable', { url: target.origin, what: error.message });
    });
    return answerIn(text, response, target.origin) as T;
  }
}

/** Reads the text of an answer. @throws Error if it is too long */
async function readAnswer(response: IncomingMessage): Promise<string> {
  const bytes = await readBounded(response, mostBytes, () => {
    throw new Error(`the answer has more than ${mostBytes / 2 ** 20} MiB`);
  });
  return Buffer.from(bytes).toString('utf8');
}

/** Reads an answer. @throws Faults that it reports, Fault `admin_unreachable` if it is no answer of this API */
function answerIn(text: string, { statusCode = 0 }: IncomingMessage, url: string): object {
  const answer = parsed(text);
  if (answer !== undefined && statusCode < 300) return answer;
  const { error, problems } = answer ?? {};
  if (!isError(error)) {
    const what = `status ${statusCode}, without an answer of the management API`;
    return fail('admin_unreachable', { url, what, hint: 'check the URL, and that `admin` is configured' });
  }
  const listed = Array.isArray(problems) ? problems.filter(isError) : [];
  throw new Faults((listed.length === 0 ? [error] : listed).map(faultOf));
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

type ReportedError = { readonly code: string } & FaultDetails;

const isError = (value: unknown): value is ReportedError =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';

/** Makes a fault of one that the gateway reported. A newer gateway may have codes that are unknown here. */
function faultOf({ code, message, request: _, ...details }: ReportedError): Fault {
  const known = Object.hasOwn(codes, code) ? (code as FaultCode) : undefined;
  if (known === undefined) return new Fault('admin_refused', { ...details, reported: code, message });
  // A fault without a message of its own is reported with the one of its code.
  const isOfCode = typeof message !== 'string' || message === codes[known].says || message.includes(`${code}: `);
  return new Fault(known, isOfCode ? details : { ...details, message });
}
