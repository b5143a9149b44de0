import { cut } from '../core/cut.ts';
import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Answer } from '../mcp/answer.ts';
import { type Call, longestName } from './call.ts';
import { list } from './lists.ts';
import { ownerOfName, ownerOfUri } from './name-routing.ts';
import { hooked, requestOptions } from './pipeline.ts';
import { readResource } from './read-resource.ts';

/**
 * The way of a call: find its owner, before hooks, upstream, after hooks.
 * @throws Fault `method_unknown`, `params_invalid`, `name_unknown`, `resource_unknown`, `upstream_…`
 */
export async function dispatch(call: Call): Promise<Answer> {
  const { method, params, route } = call;
  switch (method) {
    case 'tools/call':
    case 'prompts/get': {
      const exposed = stringIn(params, 'name');
      call.record.name = cut(exposed, longestName);
      const { member, name } = ownerOfName(route, exposed);
      // "Receivers that do not declare the task capability … MUST process requests … normally, ignoring any
      // task-augmentation metadata" (MCP 2025-11-25, Tasks). The upstream would start a task that nobody can ask for.
      const { task, ...rest } = params;
      const sent = task === undefined ? params : rest;
      return hooked(call, member, method, name === exposed ? sent : { ...sent, name });
    }
    case 'resources/read': {
      const uri = stringIn(params, 'uri');
      call.record.name = cut(uri, longestName);
      return readResource(call, uri);
    }
    case 'tools/list':
    case 'prompts/list':
    case 'resources/list':
    case 'resources/templates/list':
      return list(call, method);
    case 'completion/complete':
      return complete(call);
    default:
      return fail('method_unknown', { method });
  }
}

/** A reference names a prompt, or a template by its uri. */
async function complete(call: Call): Promise<Answer> {
  const { ref } = call.params;
  if (!isJsonObject(ref)) return fail('params_invalid', { hint: '`ref` is not an object' });
  if (ref.type === 'ref/resource') {
    const member = await ownerOfUri(call.route, stringIn(ref, 'uri'), call.signal);
    return member.upstream.request(call.method, call.params, requestOptions(call));
  }
  const { member, name } = ownerOfName(call.route, stringIn(ref, 'name'));
  return member.upstream.request(call.method, { ...call.params, ref: { ...ref, name } }, requestOptions(call));
}

function stringIn(params: JsonObject, member: string): string {
  const value = params[member];
  return typeof value === 'string' ? value : fail('params_invalid', { hint: `\`${member}\` is not a string` });
}
