import type { Blob, Content } from '../../contract/generated/types.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { changed, isAbsent, objectOr, withMembers } from './members.ts';

/**
 * Converts one content block for a plugin (MCP § Tool result, § PromptMessage). Text is text. Images, audio and
 * embedded resources with bytes are bytes, and opaque to a plugin that does not see bytes. Everything else is JSON
 * text, including unknown and malformed blocks, because an upstream must not be able to hide text from a plugin.
 * `number` is the block's index in its list.
 */
export function showBlock(block: Json, number: number, blobs: boolean): Content {
  if (isText(block)) return { tag: 'text', val: block.text.toWellFormed() };
  if (!blobs && hasBytes(block)) return { tag: 'opaque', val: number };
  if (isMedia(block)) {
    return { tag: 'blob', val: { mimeType: block.mimeType, data: Buffer.from(block.data, 'base64') } };
  }
  return { tag: 'json', val: JSON.stringify(block) };
}

/** Whether the block is opaque to a plugin that does not see bytes. */
export function hasBytes(block: Json): boolean {
  if (!isJsonObject(block)) return false;
  return isMediaType(block.type) || (block.type === 'resource' && isBinary(objectOr(block.resource)));
}

/**
 * Whether the content of a resource is bytes. One that has text as well is not: some clients read the text, so it must
 * not be hidden.
 */
export const isBinary = ({ blob, text }: JsonObject): boolean => !isAbsent(blob) && isAbsent(text);

/**
 * Returns, for each returned block, the index of the original that it continues. An opaque block names it; others are
 * matched by index, if the number of blocks is unchanged, or by equal content.
 * @throws InvalidOutput on an opaque number that was not shown, or that is used twice: the former would restore a block
 * that another plugin removed, the latter would let a small answer grow without bound
 */
export function originsOf(shown: readonly Content[], returned: readonly Content[]): readonly (number | undefined)[] {
  const sameCount = shown.length === returned.length;
  const passedOn = new Set<number>();
  let unclaimed: Map<string, number[]> | undefined;
  return returned.map((block, place) => {
    if (block.tag === 'opaque') {
      if (shown[block.val]?.tag !== 'opaque') refuse(`opaque(${block.val}) was not shown`);
      if (passedOn.has(block.val)) refuse(`opaque(${block.val}) is used twice`);
      passedOn.add(block.val);
      return block.val;
    }
    if (sameCount && shown[place]?.tag === block.tag) return place;
    if (block.tag === 'blob') return undefined;
    unclaimed ??= placesByText(shown);
    return unclaimed.get(block.tag + block.val)?.pop();
  });
}

/**
 * Converts a returned block to MCP. `original` and `shown` are the block that it continues, if any.
 * @throws InvalidOutput
 */
export function mergeBlock(original: Json | undefined, shown: Content | undefined, returned: Content): Json {
  switch (returned.tag) {
    case 'opaque':
      return original ?? refuse(`opaque(${returned.val}) was not shown`);
    case 'text':
      if (original === undefined || shown?.tag !== 'text') return { type: 'text', text: returned.val };
      return shown.val === returned.val ? original : withMembers(objectOr(original), { text: returned.val });
    case 'json':
      if (original !== undefined && shown?.tag === 'json' && shown.val === returned.val) return original;
      return parseBlock(returned.val);
    case 'blob':
      if (original === undefined || shown?.tag !== 'blob') return mediaBlock({}, returned.val);
      return sameBlob(shown.val, returned.val) ? original : mediaBlock(objectOr(original), returned.val);
  }
}

/** Whether two blobs are equal. */
export const sameBlob = (a: Blob, b: Blob): boolean =>
  a.mimeType === b.mimeType && Buffer.compare(a.data, b.data) === 0;

/** Encodes bytes as MCP does. */
export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

function mediaBlock(base: JsonObject, { mimeType, data }: Blob): JsonObject {
  const type = /^(image|audio)\/./.exec(mimeType)?.[1];
  if (type === undefined) refuse(`a blob of type ${mimeType.slice(0, 100)} is neither image nor audio`);
  return withMembers(base, { ...changed('type', base.type, type), data: base64(data), mimeType });
}

/** The required members of each known block type. Unknown ones need only a type. */
const blockMembers: ReadonlyMap<string, (block: JsonObject) => boolean> = new Map([
  ['text', block => typeof block.text === 'string'],
  ['image', block => typeof block.data === 'string' && typeof block.mimeType === 'string'],
  ['audio', block => typeof block.data === 'string' && typeof block.mimeType === 'string'],
  ['resource_link', block => typeof block.uri === 'string' && typeof block.name === 'string'],
  ['resource', block => isResource(objectOr(block.resource))],
]);

function parseBlock(text: string): JsonObject {
  const block = parseObject(text, 'a json block');
  if (typeof block.type !== 'string') return refuse('a json block has no type');
  if (blockMembers.get(block.type)?.(block) === false) refuse(`a json block is not a valid ${block.type} block`);
  return block;
}

const isResource = (resource: JsonObject): boolean =>
  typeof resource.uri === 'string' && (typeof resource.text === 'string' || typeof resource.blob === 'string');

const isText = (block: Json): block is JsonObject & { readonly text: string } =>
  isJsonObject(block) && block.type === 'text' && typeof block.text === 'string';

const isMediaType = (type: Json | undefined): boolean => type === 'image' || type === 'audio';

const isMedia = (block: Json): block is JsonObject & { readonly data: string; readonly mimeType: string } =>
  isJsonObject(block) &&
  isMediaType(block.type) &&
  typeof block.data === 'string' &&
  typeof block.mimeType === 'string' &&
  block.mimeType.isWellFormed();

/** Returns the indexes of text and JSON blocks in reverse, so that `pop` claims them in order and each only once. */
function placesByText(shown: readonly Content[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, block] of [...shown.entries()].reverse()) {
    if (block.tag !== 'text' && block.tag !== 'json') continue;
    const key = block.tag + block.val;
    const known = places.get(key);
    if (known === undefined) places.set(key, [place]);
    else known.push(place);
  }
  return places;
}
