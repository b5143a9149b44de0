import type { HeaderList } from '../../../core/http-header.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import { schemaError } from '../../../core/json-schema.ts';
import type { Log } from '../../../core/log.ts';
import type { Egress } from '../../../egress/egress.ts';
import type { ApiOperation } from '../operation/operation.ts';
import type { Called } from '../resource/read-resource.ts';
import { buildRequest, type SentCredentials } from './build-request.ts';
import { InvalidArgument } from './invalid-argument.ts';
import { type HttpResponse, readAnswer } from './read-answer.ts';
import { AnswerTooLarge, send } from './send.ts';

export interface OperationCall {
  readonly upstream: string;
  readonly egress: Egress;
  readonly hasOutput: boolean;
  readonly retries: number;
  /** Bytes of an answer. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  /** Headers instead of those of the call of the same name. */
  readonly headers: HeaderList;
  readonly own: SentCredentials;
  readonly log: Log;
}

/** Names of parameters that make an answer smaller. */
const paging = /^(limit|per_page|page_?size|count|max_?results|top|first|fields|select)$/i;

/**
 * Calls an operation and returns the result of its tool. What the caller can correct is an error of the tool: arguments
 * that do not match, an error status, an answer that is too large.
 * @throws Fault `upstream_…` when there is no response
 */
export async function callOperation(
  { operation, base }: ApiOperation,
  values: Json | undefined,
  call: OperationCall,
): Promise<Called> {
  const given = values ?? {};
  if (!isJsonObject(given)) return { result: refusal('the arguments must be an object') };
  const mismatch = schemaError(operation.input, given);
  if (mismatch !== undefined && !('unusable' in mismatch))
    return { result: refusal(`${mismatch.at}: ${mismatch.reason}`) };
  try {
    const request = buildRequest(operation, given, base, call.own);
    const headers = replaced(request.headers, call.headers);
    const response = await send(call.egress, { ...request, headers: plainly(headers) }, call);
    const type = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    return { result: resultOf(operation, response, request.url, call), status: response.status, type };
  } catch (thrown) {
    if (thrown instanceof InvalidArgument) return { result: refusal(thrown.message) };
    if (!(thrown instanceof AnswerTooLarge)) throw thrown;
    const smaller = operation.parameters.filter(({ name }) => paging.test(name)).map(({ argument }) => argument);
    const advice = smaller.length === 0 ? 'ask for less' : `ask for less, with ${smaller.join(' or ')}`;
    return { result: errorResult(`The answer of the API is larger than ${call.mostBytes} bytes: ${advice}.`) };
  }
}

function resultOf(
  operation: ApiOperation['operation'],
  response: HttpResponse,
  url: string,
  { upstream, hasOutput, log }: OperationCall,
): JsonObject {
  const { origin, pathname } = new URL(url);
  return readAnswer(operation, response, {
    hasOutput,
    url: origin + pathname,
    onMismatch: why => log.warn({ upstream, tool: operation.name, why }, 'an answer does not match its schema'),
  });
}

const errorResult = (text: string): JsonObject => ({ content: [{ type: 'text', text }], isError: true });

const refusal = (why: string): JsonObject => errorResult(`The arguments are invalid: ${why}`);

function replaced(headers: HeaderList, instead: HeaderList): HeaderList {
  const names = new Set(instead.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...instead];
}

/** Asks for an answer without compression, because it is not decoded. */
const plainly = (headers: HeaderList): HeaderList => [
  ...headers.filter(([name]) => name.toLowerCase() !== 'accept-encoding'),
  ['accept-encoding', 'identity'],
];
