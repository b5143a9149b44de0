import type { IncomingMessage } from 'node:http';
import { cut } from '../core/cut.ts';
import { Fault } from '../core/fault.ts';
import { isList, type Json } from '../core/json.ts';
import { Cancelled } from '../mcp/cancelled.ts';
import { readId } from '../mcp/exchange-id.ts';
import { type Body, idOf, longestName, type MessageId, parseBody, toMessage } from '../mcp/message.ts';
import type { ExchangeRecord } from '../mcp/revision/revision.ts';

/**
 * Reads the body of a request as UTF-8. A body that is too large is refused by its Content-Length before it is read, or
 * as soon as it exceeds the limit. Uses Node's stream, because a web stream costs most of the throughput.
 * @throws Fault `body_too_large`; Cancelled when the client disconnects
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(new Fault('body_too_large', { limit_bytes: maxBytes }));
    if (Number(incoming.headers['content-length']) > maxBytes) return tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return chunks.push(chunk);
      incoming.off('data', onData);
      tooLarge();
    };
    incoming.on('data', onData);
    incoming.on('end', () => resolve(decode(chunks)));
    incoming.on('error', () => reject(new Cancelled('the client left')));
  });
}

const decode = (chunks: readonly Buffer[]) =>
  (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8');

/** Finds the id in a body without parsing it. */
export const idInText = (text: string): MessageId | null | undefined => idOf({ id: readId(text) ?? null });

/**
 * Parses a body. The id is written to `record` as soon as it is known, so that a refusal has it too.
 * @throws Fault
 */
export function readMessage(text: string, record: ExchangeRecord): Body {
  const body = parse(text, record);
  record.id = idOf(body);
  if (isList(body)) {
    record.method = 'batch';
    return { kind: 'batch', messages: body };
  }
  const message = toMessage(body);
  if (message.kind !== 'response') record.method = cut(message.method, longestName);
  return message;
}

function parse(text: string, record: ExchangeRecord): Json {
  try {
    return parseBody(text);
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'json_excessive') record.id = idInText(text);
    throw fault;
  }
}
