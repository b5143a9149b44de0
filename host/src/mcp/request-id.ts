import { doubleOf } from '../core/json-number.ts';

/**
 * Makes the ids of one connection's requests: whole numbers from 1 on, as SDK clients send them. Some servers take
 * no others.
 */
export function createRequestIds(): () => number {
  let count = 0;
  return () => ++count;
}

/**
 * The id of ours that an upstream names: in an answer, or as the token of progress. SDK clients take a number that comes
 * back as text, and so do we.
 */
export function ownId(sent: unknown): number | undefined {
  return typeof sent === 'string' && /^\d{1,15}$/.test(sent) ? Number(sent) : doubleOf(sent);
}

/** The id of an answer that is not read as a whole: servers write it first or last. */
export function idAtEdge(head: string, tail: string): number | undefined {
  const found =
    /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*"?(\d+)/.exec(head) ?? idAtEnd.exec(tail.slice(-100));
  return ownId(found?.[1]);
}

const idAtEnd = /[{,]\s*"id"\s*:\s*"?(\d+)"?\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;
