import type { CallReport, SetHeader, UpstreamRequest } from '../contract/hook-call.ts';
import type { HeaderList } from '../core/http-header.ts';
import type { JsonObject } from '../core/json.ts';
import { readJson } from '../core/json-reader.ts';
import { type Answer, errorAnswer, type RpcError, resultAnswer } from '../mcp/answer.ts';

/** The headers to send, and a mask that hides their secrets in the response. */
export interface FilledHeaders {
  readonly headers: HeaderList;
  /** The server that they are for. */
  readonly url: URL;
  readonly hide?: (text: string) => string;
}

/** The headers that the before hooks of one call set for its request to the upstream. */
export class UpstreamHeaders implements UpstreamRequest {
  readonly credentialHeader: string | undefined;
  #set: SetHeader[] | undefined;

  constructor(credentialHeader?: string) {
    this.credentialHeader = credentialHeader;
  }

  setHeader(header: SetHeader): void {
    this.#set ??= [];
    this.#set.push(header);
  }

  /**
   * Resolves the values for one upstream; undefined if no header was set. If two plugins set the same header, the later
   * one wins; headers of a plugin that then failed do not count.
   */
  fill(url: URL, reports: readonly CallReport[]): FilledHeaders | { readonly refusedOf: string } | undefined {
    if (this.#set === undefined) return undefined;
    const failed = new Set(reports.filter(({ outcome }) => outcome === 'failed').map(({ plugin }) => plugin));
    const last = new Map(this.#set.filter(({ plugin }) => !failed.has(plugin)).map(each => [each.name, each]));
    if (last.size === 0) return undefined;
    const headers: [string, string][] = [];
    const hides: ((text: string) => string)[] = [];
    for (const { plugin, name, fill } of last.values()) {
      const filled = fill(url);
      if (filled === undefined) return { refusedOf: plugin };
      headers.push([name, filled.value]);
      if (filled.hide !== undefined) hides.push(filled.hide);
    }
    if (hides.length === 0) return { headers, url };
    return { headers, url, hide: text => hides.reduce((hidden, hide) => hide(hidden), text) };
  }
}

/** Masks the secrets in an answer, in which the upstream may repeat what it was sent. */
export function withoutSecrets(answer: Answer, { hide }: FilledHeaders): Answer {
  if (hide === undefined) return answer;
  return answer.error
    ? errorAnswer(hidden(answer.error, hide) as unknown as RpcError)
    : resultAnswer(hidden(answer.result, hide));
}

/** Masks the secrets in JSON. */
export const hidden = (value: object, hide: (text: string) => string): JsonObject =>
  readJson(hide(JSON.stringify(value))) as JsonObject;
