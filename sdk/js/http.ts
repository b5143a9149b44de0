/** Helpers for JSON over the capability `outbound_http`. */
/// <reference path="./contract.d.ts" />
/// <reference path="./globals.d.ts" />

import { send } from 'sallyport:plugin/outbound-http@0.1.0';

/** A server's response. */
export interface Answer {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** Header values by lower-case name; repeated ones are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Parses the text as JSON. @throws SyntaxError */
  json(): unknown;
}

/** Sends a GET request. A response of any status is returned. @throws as `send` does: denied, timeout, too-large, failed */
export const getUrl = (url: string, headers: Readonly<Record<string, string>> = {}): Answer => ask('GET', url, headers);

/** Sends a value as JSON with POST. A response of any status is returned. @throws as `send` does */
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
