import { isJsonObject, type JsonObject } from '../core/json.ts';
import { type Answer, resultAnswer } from '../upstream/answer.ts';
import { type ListMethod, listAll, listMember } from '../upstream/catalog.ts';
import { type Member, reachedMembers } from './binding.ts';
import type { Call } from './call.ts';
import { afterHooks, hookContext, requestOptions } from './hooked.ts';
import { exposedName } from './owner.ts';

/**
 * One list. Behind a single upstream its pages pass through with their cursors; the lists of several are read to
 * their ends and merged into one page. Plugins see each upstream's list by itself, under its own names. Nobody waits for
 * an upstream that was never reached while others were.
 * @throws Fault `upstream_…` when no upstream can be asked; one of several that cannot is left out
 */
export async function list(call: Call, method: ListMethod): Promise<Answer> {
  const [only, ...others] = call.route.members;
  if (others.length === 0) {
    const on = hookContext(call, only);
    return afterHooks(call, on, method, await only.upstream.request(method, call.params, requestOptions(call)));
  }
  const asked = reachedMembers(call.route).filter(member => offers(member, method));
  const parts = await Promise.allSettled(asked.map(member => listOf(call, member, method)));
  const answers = parts.flatMap(part => (part.status === 'fulfilled' ? [part.value] : []));
  const failed = parts.find(part => part.status === 'rejected');
  if (failed !== undefined && answers.length === 0) throw failed.reason;
  const blocked = answers.find(({ error }) => error !== undefined);
  if (blocked !== undefined) return blocked;
  const member = listMember(method);
  return resultAnswer({ [member]: answers.flatMap(({ result }) => itemsIn(result, member)) });
}

async function listOf(call: Call, member: Member, method: ListMethod): Promise<Answer> {
  const on = hookContext(call, member);
  const key = listMember(method);
  const whole = resultAnswer({ [key]: await listAll(member.upstream, method, call.signal) });
  const answer = await afterHooks(call, on, method, whole);
  if (answer.error || method.startsWith('resources/')) return answer;
  const items = itemsIn(answer.result, key).map(item =>
    typeof item.name === 'string' ? { ...item, name: exposedName(call.route, member, item.name) } : item,
  );
  return resultAnswer({ [key]: items });
}

const itemsIn = (result: JsonObject | undefined, member: string): JsonObject[] => {
  const items = result?.[member];
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
};

/** A server that was never reached may offer anything. */
const offers = ({ upstream }: Member, method: string) =>
  upstream.initialized === undefined || upstream.initialized.capabilities[method.split('/', 1)[0] ?? ''] !== undefined;
