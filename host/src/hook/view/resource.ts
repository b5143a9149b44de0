import type { Content, Request, ResourceContent, Response } from '../../contract/generated/types.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { refuse } from '../invalid-output.ts';
import { base64, isBinary, originsOf, sameBlob } from './content.ts';
import { changed, isAbsent, listMember, objectOr, stringMember, withMembers } from './members.ts';
import { NotShowable, noBlobs, type View } from './view.ts';

/** `params` of `resources/read`. */
export const resourceReadView: View<Request> = {
  hasBlobs: noBlobs,

  show(params) {
    const uri = stringMember(params, 'uri');
    if (uri === undefined) throw new NotShowable('The request has no resource URI.');
    return { tag: 'resource-read', val: { uri } };
  },

  merge(params, shown, returned) {
    if (shown.tag !== 'resource-read' || returned.tag !== 'resource-read') {
      return refuse(`a resource request became ${returned.tag}`);
    }
    if (returned.val.uri === '') refuse('the resource URI is empty');
    return withMembers(params, changed('uri', shown.val.uri, returned.val.uri));
  },
};

/** The result of `resources/read`. */
export const resourceResultView: View<Response> = {
  hasBlobs: result => listMember(result, 'contents').some(entry => isBinary(objectOr(entry))),

  show(result, blobs) {
    const contents = listMember(result, 'contents').map((entry, number) => showEntry(entry, number, blobs));
    return { tag: 'resource-result', val: { contents } };
  },

  merge(result, shown, returned) {
    if (shown.tag !== 'resource-result' || returned.tag !== 'resource-result') {
      return refuse(`a resource result became ${returned.tag}`);
    }
    const originals = listMember(result, 'contents');
    const origins = originsOf(
      shown.val.contents.map(entry => entry.content),
      returned.val.contents.map(entry => entry.content),
    );
    const claimed = new Set(origins);
    // Text that replaces bytes, or the other way round, continues the content with the same URI.
    const unclaimed = new Map(
      shown.val.contents.map((entry, place) => [entry.uri, place] as const).filter(([, place]) => !claimed.has(place)),
    );
    const contents = returned.val.contents.map((entry, place) => {
      const origin = origins[place] ?? unclaimed.get(entry.uri);
      if (origin === undefined) return mergeEntry(undefined, undefined, entry);
      unclaimed.delete(entry.uri);
      return mergeEntry(originals[origin], shown.val.contents[origin], entry);
    });
    return withMembers(result, { contents });
  },
};

function showEntry(entry: Json, number: number, blobs: boolean): ResourceContent {
  const mimeType = stringMember(objectOr(entry), 'mimeType');
  return {
    uri: stringMember(objectOr(entry), 'uri') ?? '',
    ...(mimeType !== undefined && { mimeType }),
    content: showBody(entry, number, blobs, mimeType),
  };
}

function showBody(entry: Json, number: number, blobs: boolean, mimeType: string | undefined): Content {
  if (!isJsonObject(entry)) return { tag: 'json', val: JSON.stringify(entry) };
  if (isBinary(entry)) {
    if (!blobs || typeof entry.blob !== 'string') return { tag: 'opaque', val: number };
    return { tag: 'blob', val: { mimeType: mimeType ?? octets, data: Buffer.from(entry.blob, 'base64') } };
  }
  const text = isAbsent(entry.blob) ? stringMember(entry, 'text') : undefined;
  return text === undefined ? { tag: 'json', val: JSON.stringify(entry) } : { tag: 'text', val: text };
}

const octets = 'application/octet-stream';

function mergeEntry(original: Json | undefined, shown: ResourceContent | undefined, returned: ResourceContent): Json {
  const base = objectOr(original);
  const named: JsonObject = withMembers(base, {
    ...changed('uri', shown?.uri, returned.uri),
    ...changed('mimeType', shown?.mimeType, returned.mimeType),
  });
  const { content } = returned;
  const before = shown?.content;
  switch (content.tag) {
    case 'opaque':
      return named;
    case 'text':
      if (before?.tag === 'text' && before.val === content.val) return named;
      return withMembers(named, { text: content.val, blob: undefined });
    case 'blob': {
      if (before?.tag === 'blob' && sameBlob(before.val, content.val)) return named;
      // The type is stated in two places; the changed one counts.
      const known = before?.tag === 'blob' ? before.val.mimeType : undefined;
      const type = returned.mimeType === shown?.mimeType ? changed('mimeType', known, content.val.mimeType) : {};
      return withMembers(named, { ...type, blob: base64(content.val.data), text: undefined });
    }
    case 'json':
      // Only malformed content is shown as JSON. It may be passed on unchanged, but not rewritten.
      if (original === undefined || before?.tag !== 'json' || before.val !== content.val) {
        return refuse('the content of a resource is neither text nor blob');
      }
      return isJsonObject(original) ? named : original;
  }
}
