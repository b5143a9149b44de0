import type { Request, Response, ServerList } from '@sallyport/host/contract';

/** Members that are JSON text in the contract and may be plain JSON in a case file. */
const textual = new Set([
  'arguments',
  'structuredContent',
  'inputSchema',
  'outputSchema',
  'annotations',
  'details',
  'claims',
]);
/** Variants whose payload is JSON text. */
const textualTags = new Set(['json', 'input-required']);

/** Converts a value of a case file to the contract's form: JSON to text, base64 to bytes. */
export const toContract = <T extends Request | Response | ServerList>(value: unknown): T => plain(value) as T;

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
      // In a list, the arguments of a prompt are records, not JSON text.
      const isText = textual.has(name) && !Array.isArray(member) && member !== null;
      return [name, isText ? text(member) : plain(member)];
    }),
  );
}

/** Converts a value of the contract to the form of a case file: plain, with JSON instead of JSON text. */
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

/** Parses objects and lists only, because any other text may be meant literally. */
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

/** Converts a value of the contract to plain JSON: bytes as base64, absent members left out. */
export const toPlain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_name, member) => {
      if (typeof member === 'bigint') return String(member);
      return member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member;
    }) ?? 'null',
  );
