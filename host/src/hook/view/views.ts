import type { Request, Response } from '../../contract/generated/types.js';
import type { JsonObject } from '../../core/json.ts';
import type { CallMethod, HookedMethod } from '../../mcp/methods.ts';
import { parseObject, refuse } from '../invalid-output.ts';
import { promptListView, resourceListView, resourceTemplateListView, toolListView } from './list.ts';
import { promptGetView, promptResultView } from './prompt.ts';
import { resourceReadView, resourceResultView } from './resource.ts';
import { toolCallView, toolResultView } from './tool.ts';
import { noBlobs, type View } from './view.ts';

export const requestViews: Readonly<Record<CallMethod, View<Request>>> = {
  'tools/call': toolCallView,
  'prompts/get': promptGetView,
  'resources/read': resourceReadView,
};

const responseViews: Readonly<Record<HookedMethod, View<Response>>> = {
  'tools/call': toolResultView,
  'prompts/get': promptResultView,
  'resources/read': resourceResultView,
  'tools/list': toolListView,
  'prompts/list': promptListView,
  'resources/list': resourceListView,
  'resources/templates/list': resourceTemplateListView,
};

/** Returns the view of a result: that of its method, unless the upstream asks for input first. */
export const responseView = (method: HookedMethod, result: JsonObject): View<Response> =>
  result.resultType === 'input_required' ? inputRequiredView : responseViews[method];

/** The view of a request for input, which plugins see completely, as JSON text. */
const inputRequiredView: View<Response> = {
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
