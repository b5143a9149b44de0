import type { Request, Response } from '../../contract/generated/types.js';
import type { JsonObject } from '../../core/json.ts';
import type { CallMethod, HookedMethod } from '../../mcp/methods.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { promptListCodec, resourceListCodec, resourceTemplateListCodec, toolListCodec } from './list.ts';
import { promptGetCodec, promptResultCodec } from './prompt.ts';
import { resourceReadCodec, resourceResultCodec } from './resource.ts';
import { toolCallCodec, toolResultCodec } from './tool.ts';
import { type Codec, noBlobs } from './view.ts';

export const requestCodecs: Readonly<Record<CallMethod, Codec<Request>>> = {
  'tools/call': toolCallCodec,
  'prompts/get': promptGetCodec,
  'resources/read': resourceReadCodec,
};

const responseCodecs: Readonly<Record<HookedMethod, Codec<Response>>> = {
  'tools/call': toolResultCodec,
  'prompts/get': promptResultCodec,
  'resources/read': resourceResultCodec,
  'tools/list': toolListCodec,
  'prompts/list': promptListCodec,
  'resources/list': resourceListCodec,
  'resources/templates/list': resourceTemplateListCodec,
};

/** The codec of this result: that of its method, unless the upstream asks for input before it can answer. */
export const responseCodec = (method: HookedMethod, result: JsonObject): Codec<Response> =>
  result.resultType === 'input_required' ? inputRequiredCodec : responseCodecs[method];

/** Plugins see the whole of it, as JSON text. */
const inputRequiredCodec: Codec<Response> = {
  hasBlobs: noBlobs,
  show: result => ({ tag: 'input-required', val: JSON.stringify(result) }),
  merge(result, shown, returned) {
    if (shown.tag !== 'input-required' || returned.tag !== 'input-required') {
      return refuse(`a request for input became ${returned.tag}`);
    }
    if (shown.val === returned.val) return result;
    const changed = parseObject(returned.val, 'input-required');
    return changed.resultType === 'input_required' ? changed : refuse('input-required has another resultType');
  },
};
