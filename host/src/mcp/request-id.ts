import { doubleOf } from '../core/json-number.ts';

/**
 * Creates the request ids of one connection: whole numbers from 1 on, like those of SDK clients. Some servers accept no
 * others.
 */
export function createRequestIds(): () => number {
  let count = 0;
  return () => ++count;
}

/**
 * Returns our request id that an upstream refers to, in an answer or as a progress token. Like SDK clients, we accept a
 * number that comes back as text.
 */
export function ownId(sent: unknown): number | undefined {
  return typeof sent === 'string' && /^\d{1,15}$/.test(sent) ? Number(sent) : doubleOf(sent);
}

/** Finds the id of an answer that is not read completely: servers write it first or last. */
export function idAtEdge(head: string, tail: string): number | undefined {
  const found =
    /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*"?(\d+)/.exec(head) ?? idAtEnd.exec(tail.slice(-100));
  return ownId(found?.[1]);
}

const idAtEnd = /[{,]\s*"id"\s*:\s*"?(\d+)"?\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;
