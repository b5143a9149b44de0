import type { Request, Response } from '@sallyport/host/contract/generated/types.d';

/** Members that are JSON text in the contract, and may be JSON in a file of cases. */
const textual = new Set(['arguments', 'structuredContent', 'inputSchema', 'outputSchema', 'annotations', 'details']);
/** Variants whose value is JSON text. */
const textualTags = new Set(['json', 'input-required']);

/** A value of a file of cases, as the contract has it: JSON as text, and bytes that stand there as base64. */
export const toContract = <T extends Request | Response>(value: unknown): T => plain(value) as T;

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { tag, val } = value as { tag?: unknown; val?: unknown };
  if (typeof tag === 'string' && textualTags.has(tag)) return { tag, val: text(val) };
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === 'data' && typeof member === 'string' && 'mimeType' in value) {
        return [name, new Uint8Array(Buffer.from(member, 'base64'))];
      }
      // Arguments of a prompt in a list are records, and no text.
      const isText = textual.has(name) && !Array.isArray(member) && member !== null;
      return [name, isText ? text(member) : plain(member)];
    }),
  );
}

/** A value of the contract as a file of cases may have it: plain, and JSON in the place of JSON text. */
export const toCase = (value: unknown): unknown => unfolded(toPlain(value));

function unfolded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfolded);
  if (typeof value !== 'object' || value === null) return value;
  const { tag, val } = value as { tag?: unknown; val?: unknown };
  if (typeof tag === 'string' && textualTags.has(tag)) return { tag, val: parsed(val) };
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, textual.has(name) ? parsed(member) : unfolded(member)]),
  );
}

/** Only objects and lists: any other text could be meant as it is. */
function parsed(member: unknown): unknown {
  if (typeof member !== 'string') return unfolded(member);
  try {
    const value: unknown = JSON.parse(member);
    return typeof value === 'object' && value !== null ? value : member;
  } catch {
    return member;
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A value of the contract as plain JSON: bytes as base64, and without what is absent. */
export const toPlain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_name, member) => {
      if (typeof member === 'bigint') return String(member);
      return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member;
    }) ?? 'null',
  );
