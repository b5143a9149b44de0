import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isLoopback } from '../core/loopback.ts';
import { Egress } from '../egress/egress.ts';
import { egressGrantSchema } from '../egress/egress-grant.ts';
import type { ProviderForm, ProviderRequest } from '../identity/oauth/provider-request.ts';

export interface ProviderOptions {
  /** The id of the scheme. */
  readonly id: string;
  /** The URLs of the provider that the operator stated. */
  readonly urls: readonly string[];
  /** Networks, in CIDR form, that may be reached although they are not public. */
  readonly allowPrivate: readonly string[];
}

const limits = { max_bytes: 256 * 1024, max_redirects: 0, timeout_ms: 5_000, requests_per_minute: 1_000_000 };

/**
 * Opens the requests to an authorization server: to the origins that the operator stated, and to other hosts by https,
 * because its metadata may name them. With a server on this machine, requests go nowhere else.
 */
export function openProvider({ id, urls, allowPrivate }: ProviderOptions): AsyncDisposable & {
  readonly request: ProviderRequest;
} {
  const stated = urls.map(url => new URL(url));
  const isHere = stated.some(({ protocol, hostname }) => protocol === 'http:' && isLoopback(hostname));
  const origins = [...new Set(stated.map(({ origin }) => origin))];
  const allow = isHere ? origins : [...origins, { url: 'https://*', any_host: true as const }];
  const loopback = isHere ? ['127.0.0.0/8', '::1/128'] : [];
  const grant = { ...limits, allow, methods: ['GET', 'POST'], allow_private: [...allowPrivate, ...loopback] };
  const egress = new Egress(egressGrantSchema.parse(grant), { plugin: id });
  return {
    request: (url, form) => requestDocument(egress, url, form),
    [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose](),
  };
}

/** @throws Fault `identity_unavailable` */
async function requestDocument(egress: Egress, url: string, form?: ProviderForm): Promise<JsonObject | undefined> {
  const { fields, authorization } = form ?? {};
  const content = 'application/x-www-form-urlencoded';
  const answer = await egress.request(
    {
      method: form === undefined ? 'GET' : 'POST',
      url,
      headers: [
        ['accept', 'application/json, application/jwk-set+json'],
        ...(authorization === undefined ? [] : ([['authorization', authorization]] as const)),
        ...(form === undefined ? [] : ([['content-type', content]] as const)),
      ],
      body: fields && new TextEncoder().encode(new URLSearchParams(fields).toString()),
    },
    // Each request is bounded by the time limit of the grant.
    { signal: new AbortController().signal },
  );
  if ('err' in answer) fail('identity_unavailable', { url, what: whatOf(answer.err) });
  const { status, headers, body } = answer.ok;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return undefined;
  if (status !== 200) fail('identity_unavailable', { url, what: `it answered with status ${status}` });
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    fail('identity_unavailable', { url, what: 'its answer is not JSON' });
  }
  return parsed(body) ?? fail('identity_unavailable', { url, what: 'its answer is not a JSON object' });
}

const whatOf = (error: { readonly tag: string; readonly val?: string }) => error.val ?? error.tag;

function parsed(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
