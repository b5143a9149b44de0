import type { Content, Request, Response } from '../../contract/generated/types.js';
import { isJsonObject, type Json } from '../../core/json.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { hasBytes, mergeBlock, originsOf, showBlock } from './content.ts';
import { changed, jsonMember, listMember, objectOr, stringMember, withMembers } from './members.ts';
import { NotShowable, noBlobs, type View } from './view.ts';

/** `params` of `prompts/get`. */
export const promptGetView: View<Request> = {
  hasBlobs: noBlobs,

  show(params) {
    const name = stringMember(params, 'name');
    if (name === undefined) throw new NotShowable('The request has no prompt name.');
    if (!isJsonObject(params.arguments ?? {})) {
      throw new NotShowable('The arguments are not a JSON object.');
    }
    return { tag: 'prompt-get', val: { name, arguments: jsonMember(params, 'arguments') ?? '{}' } };
  },

  merge(params, shown, returned) {
    if (shown.tag !== 'prompt-get' || returned.tag !== 'prompt-get') {
      return refuse(`a prompt request became ${returned.tag}`);
    }
    if (returned.val.name === '') refuse('the prompt name is empty');
    return withMembers(params, {
      ...changed('name', shown.val.name, returned.val.name),
      ...(shown.val.arguments !== returned.val.arguments && { arguments: stringArguments(returned.val.arguments) }),
    });
  },
};

/** The result of `prompts/get`. The index of a message is the number of its block. */
export const promptResultView: View<Response> = {
  hasBlobs: result => listMember(result, 'messages').some(message => hasBytes(contentOf(message))),

  show(result, blobs) {
    const description = stringMember(result, 'description');
    return {
      tag: 'prompt-result',
      val: {
        ...(description !== undefined && { description }),
        messages: listMember(result, 'messages').map((message, number) => ({
          role: roleOf(message),
          content: showBlock(contentOf(message), number, blobs),
        })),
      },
    };
  },

  merge(result, shown, returned) {
    if (shown.tag !== 'prompt-result' || returned.tag !== 'prompt-result') {
      return refuse(`a prompt result became ${returned.tag}`);
    }
    const originals = listMember(result, 'messages');
    const blocks: readonly Content[] = shown.val.messages.map(message => message.content);
    const origins = originsOf(
      blocks,
      returned.val.messages.map(message => message.content),
    );
    const messages = returned.val.messages.map(({ role, content }, place) => {
      const origin = origins[place];
      const original = origin === undefined ? undefined : originals[origin];
      if (original === undefined || origin === undefined) {
        return { role: knownRole(role), content: mergeBlock(undefined, undefined, content) };
      }
      const block = mergeBlock(contentOf(original), blocks[origin], content);
      const sameRole = shown.val.messages[origin]?.role === role;
      if (sameRole && block === contentOf(original)) return original;
      return withMembers(objectOr(original), { ...(!sameRole && { role: knownRole(role) }), content: block });
    });
    return withMembers(result, {
      ...changed('description', shown.val.description, returned.val.description),
      messages,
    });
  },
};

/** A malformed message is shown completely, as its own content. */
const contentOf = (message: Json): Json => (isJsonObject(message) ? (message.content ?? message) : message);

const roleOf = (message: Json): string => stringMember(objectOr(message), 'role') ?? '';

const knownRole = (role: string): string =>
  role === 'user' || role === 'assistant'
    ? role
    : refuse(`the role ${role.slice(0, 100)} is neither user nor assistant`);

function stringArguments(text: string) {
  const values = parseObject(text, 'arguments');
  for (const value of Object.values(values)) {
    if (typeof value !== 'string') refuse('an argument of the prompt is not a string');
  }
  return values;
}
