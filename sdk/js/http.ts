/** JSON over the capability `outbound_http`. */
/// <reference path="./contract.d.ts" />
/// <reference path="./globals.d.ts" />

import { send } from 'sallyport:plugin/outbound-http@0.1.0';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** Whether the status is one of success, 200 to 299. */
  readonly ok: boolean;
  /** Values by name, in lower case; those that stand there more than once are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text as JSON. @throws SyntaxError */
  json(): unknown;
}

/** Asks with GET. Any status is an answer. @throws what `send` throws: denied, timeout, too-large, failed */
export const getUrl = (url: string, headers: Readonly<Record<string, string>> = {}): Answer => ask('GET', url, headers);

/** Sends a value as JSON with POST. Any status is an answer. @throws what `send` throws */
export const postJson = (url: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  ask('POST', url, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));

function ask(method: string, url: string, headers: Readonly<Record<string, string>>, body?: string): Answer {
  const answer = send({
    method,
    url,
    headers: Object.entries(headers),
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  });
  const named: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    const known = named[name.toLowerCase()];
    named[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`;
  }
  const { status } = answer;
  const text = new TextDecoder().decode(answer.body);
  return { status, ok: status >= 200 && status < 300, headers: named, text, json: () => JSON.parse(text) };
}
