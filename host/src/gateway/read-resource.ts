import type { Answer } from '../mcp/answer.ts';
import { jsonRpc } from '../mcp/errors.ts';
import { type Member, mayOffer, reachedMembers } from './binding.ts';
import { blockOf } from './blocked.ts';
import type { Call } from './call.ts';
import { lookUp, nobodyHas, originOf, ownershipOf } from './name-routing.ts';
import { hooked } from './pipeline.ts';

/**
 * Reads a resource from its owner. Where the owner does not know it, the upstream that handed it out is asked, and the
 * one that lists it now. A resource that nobody lists is asked for everywhere: a tool may have handed it out long ago.
 * @throws Fault `resource_unknown`, `upstream_…`
 */
export async function readResource(call: Call, uri: string): Promise<Answer> {
  const { route, signal } = call;
  if (route.members.length === 1) return readFrom(call, route.members[0]);
  const began = Date.now();
  const { owner, unknown } = await ownershipOf(route, uri, signal);
  if (owner === undefined) return readFromAny(call, uri, unknown);
  const answer = await readFrom(call, owner);
  if (!isUnknown(answer)) return answer;
  const origin = originOf(route, uri);
  const other = origin === owner ? undefined : origin;
  const next = other ?? (await lookUp(route, uri, signal, began)).owner;
  return next === undefined || next === owner ? answer : readFrom(call, next);
}

const readFrom = (call: Call, member: Member) => hooked(call, member, 'resources/read', call.params);

/** "Resource not found", and what SDKs say instead: the params are invalid. */
const unknownCodes = new Set([-32002, jsonRpc.invalidParams]);

const isUnknown = (answer: Answer) =>
  answer.error !== undefined && blockOf(answer) === undefined && unknownCodes.has(answer.error.code);

/**
 * The first answer that is no error; else the error that says most. Nobody waits for an upstream that owes a list.
 * @param unknown why the lists of some members are not known
 */
async function readFromAny(call: Call, uri: string, unknown: ReadonlyMap<Member, unknown>): Promise<Answer> {
  const { route } = call;
  const members = reachedMembers(route).filter(({ upstream }) => mayOffer(upstream, 'resources'));
  const silences = members.flatMap(member => unknown.get(member) ?? member.lists.silence ?? []);
  const asked = members.filter(member => !unknown.has(member) && member.lists.silence === undefined);
  const [only, ...others] = asked;
  if (only !== undefined && others.length === 0 && silences.length === 0) return readFrom(call, only);
  const done = new AbortController();
  const signal = AbortSignal.any([call.signal, done.signal]);
  try {
    return await Promise.any(
      asked.map(async member => {
        const answer = await readFrom({ ...call, signal }, member);
        if (answer.error !== undefined) throw new Refused(answer);
        return answer;
      }),
    );
  } catch (thrown) {
    call.signal.throwIfAborted();
    const reasons: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    const answers = reasons.flatMap(reason => (reason instanceof Refused ? [reason.answer] : []));
    const telling = answers.find(blockOf) ?? answers.find(answer => !isUnknown(answer) && !isMethodUnknown(answer));
    if (telling !== undefined) return telling;
    return nobodyHas(route, uri, [...reasons.filter(reason => !(reason instanceof Refused)), ...silences]);
  } finally {
    done.abort(new Error('another upstream has it'));
  }
}

const isMethodUnknown = ({ error }: Answer) => error?.code === jsonRpc.methodNotFound;

/** An upstream answered with an error, or a plugin blocked the read. */
class Refused extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('refused');
    this.answer = answer;
  }
}
