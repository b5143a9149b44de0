import { signalOf } from '../core/canceller.ts';
import { jsonRpc } from '../mcp/errors.ts';
import { type Member, mayOffer, type Route, reachedMembers } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { lookUp, nobodyHas, originOf, ownershipOf } from './name-routing.ts';
import { callMember } from './pipeline.ts';

/**
 * Reads a resource from its owner. If the owner does not know it, the upstream that handed it out is asked, and the one
 * that lists it now. A resource in no list is requested from all: a tool may have handed it out long ago.
 * @param route with the members that may be asked
 * @throws Fault `resource_unknown`, `upstream_…`
 */
export async function readResource(call: Call, uri: string, route = call.route): Promise<Outcome> {
  const { signal } = call;
  if (route.members.length === 1) return readFrom(call, route.members[0]);
  const began = Date.now();
  const { owner, unknown } = await ownershipOf(route, uri, signal);
  if (owner === undefined) return readFromAny(call, uri, route, unknown);
  const outcome = await readFrom(call, owner);
  if (!isUnknown(outcome)) return outcome;
  const origin = originOf(route, uri);
  const other = origin === owner ? undefined : origin;
  const next = other ?? (await lookUp(route, uri, signal, began)).owner;
  return next === undefined || next === owner ? outcome : readFrom(call, next);
}

const readFrom = (call: Call, member: Member) => callMember(call, member, 'resources/read', call.params);

/** The numbers of "resource not found", and of "invalid params", which SDKs send instead. */
const unknownCodes = new Set([-32002, jsonRpc.invalidParams]);

const isUnknown = (outcome: Outcome) => outcome.kind === 'error' && unknownCodes.has(outcome.error.code);

/**
 * Returns the first answer that is not an error, else the most specific error. Upstreams with unknown lists are not
 * waited for.
 * @param unknown why the lists of some members are unknown
 */
async function readFromAny(
  call: Call,
  uri: string,
  route: Route,
  unknown: ReadonlyMap<Member, unknown>,
): Promise<Outcome> {
  const members = reachedMembers(route).filter(({ upstream }) => mayOffer(upstream, 'resources'));
  const silences = members.flatMap(member => unknown.get(member) ?? member.lists.lateFault ?? []);
  const asked = members.filter(member => !unknown.has(member) && member.lists.lateFault === undefined);
  const [only, ...others] = asked;
  if (only !== undefined && others.length === 0 && silences.length === 0) return readFrom(call, only);
  const done = new AbortController();
  const signal = AbortSignal.any([signalOf(call.signal), done.signal]);
  try {
    return await Promise.any(
      asked.map(async member => {
        const outcome = await readFrom({ ...call, signal }, member);
        if (outcome.kind !== 'result') throw new Refused(outcome);
        return outcome;
      }),
    );
  } catch (thrown) {
    call.signal.throwIfAborted();
    const reasons: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    const refusals = reasons.flatMap(reason => (reason instanceof Refused ? [reason.outcome] : []));
    const telling =
      refusals.find(({ kind }) => kind === 'block') ??
      refusals.find(refusal => !isUnknown(refusal) && !isMethodUnknown(refusal));
    if (telling !== undefined) return telling;
    return nobodyHas(route, uri, [...reasons.filter(reason => !(reason instanceof Refused)), ...silences]);
  } finally {
    done.abort(new Error('another upstream has it'));
  }
}

const isMethodUnknown = (outcome: Outcome) => outcome.kind === 'error' && outcome.error.code === jsonRpc.methodNotFound;

/** Whether an upstream answered with an error, or a plugin blocked the read. */
class Refused extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('refused');
    this.outcome = outcome;
  }
}
