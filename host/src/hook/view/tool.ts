import type { Request, Response } from '../../contract/generated/types.js';
import { isJsonObject } from '../../core/json.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { hasBytes, mergeBlock, originsOf, showBlock } from './content.ts';
import { changed, jsonMember, listMember, stringMember, withMembers } from './members.ts';
import { NotShowable, noBlobs, type View } from './view.ts';

/** `params` of `tools/call`. */
export const toolCallView: View<Request> = {
  hasBlobs: noBlobs,

  show(params) {
    const name = stringMember(params, 'name');
    if (name === undefined) throw new NotShowable('The call has no tool name.');
    if (!isJsonObject(params.arguments ?? {})) {
      throw new NotShowable('The arguments are not a JSON object.');
    }
    return { tag: 'tool-call', val: { name, arguments: jsonMember(params, 'arguments') ?? '{}' } };
  },

  merge(params, shown, returned) {
    if (shown.tag !== 'tool-call' || returned.tag !== 'tool-call') return refuse(`a tool call became ${returned.tag}`);
    if (returned.val.name === '') refuse('the tool name is empty');
    return withMembers(params, {
      ...changed('name', shown.val.name, returned.val.name),
      ...(shown.val.arguments !== returned.val.arguments && {
        arguments: parseObject(returned.val.arguments, 'arguments'),
      }),
    });
  },
};

/** The result of `tools/call`. */
export const toolResultView: View<Response> = {
  hasBlobs: result => listMember(result, 'content').some(hasBytes),

  show(result, blobs) {
    const structuredContent = jsonMember(result, 'structuredContent');
    return {
      tag: 'tool-result',
      val: {
        content: listMember(result, 'content').map((block, number) => showBlock(block, number, blobs)),
        ...(structuredContent !== undefined && { structuredContent }),
        isError: result.isError === true,
      },
    };
  },

  merge(result, shown, returned) {
    if (shown.tag !== 'tool-result' || returned.tag !== 'tool-result') {
      return refuse(`a tool result became ${returned.tag}`);
    }
    const blocks = listMember(result, 'content');
    const origins = originsOf(shown.val.content, returned.val.content);
    const content = returned.val.content.map((block, place) => {
      const origin = origins[place];
      return origin === undefined
        ? mergeBlock(undefined, undefined, block)
        : mergeBlock(blocks[origin], shown.val.content[origin], block);
    });
    const { structuredContent } = returned.val;
    return withMembers(result, {
      content,
      ...(structuredContent !== shown.val.structuredContent && {
        structuredContent:
          structuredContent === undefined ? undefined : parseObject(structuredContent, 'structured-content'),
      }),
      ...changed('isError', shown.val.isError, returned.val.isError),
    });
  },
};
