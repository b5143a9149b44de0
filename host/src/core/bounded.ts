import { cut } from './cut.ts';
import { visible } from './visible.ts';

const most = { characters: 1_000, stack: 4_000, members: 20, depth: 3 };

/** Bounds an untrusted text for a log line: it is cut and made printable. */
export const boundedText = (text: string): string => visible(cut(text, most.characters));

/** Bounds an untrusted value for a log line: texts are cut and made printable, and nesting is limited. */
export function bounded(value: unknown, depth: number = most.depth): unknown {
  if (typeof value === 'string') return boundedText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return boundedError(value, depth);
  if (depth === 0) return Array.isArray(value) ? `${value.length} elements` : 'an object';
  if (Array.isArray(value)) return value.slice(0, most.members).map(each => bounded(each, depth - 1));
  return boundedMembers(value, depth - 1);
}

/** Bounds each member of an object. */
export function boundedMembers(value: object, depth: number = most.depth): Readonly<Record<string, unknown>> {
  const members = Object.entries(value).slice(0, most.members);
  return Object.fromEntries(members.map(([name, each]) => [visible(cut(name, 100)), bounded(each, depth)]));
}

/** Formats an error with its stack and its causes. */
function boundedError({ name, message, stack = '', cause }: Error, depth: number): object {
  return {
    type: name,
    message: visible(cut(message, most.characters)),
    stack: visible(cut(stack, most.stack)),
    ...(cause === undefined || depth === 0 ? {} : { cause: bounded(cause, depth - 1) }),
  };
}
