import type { CallError } from '../contract/generated/tool-call.js';
import type { Violation } from '../contract/generated/types.js';
import type { CalledTool, ToolAnswer, ToolCallOptions, Tools } from '../contract/hook-call.ts';
import { codes } from '../core/codes/index.ts';
import { Fault, fail } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { BlockData } from '../hook/hook-chain.ts';
import { InvalidOutput, parseObject } from '../hook/invalid-output.ts';
import { checkName, isRefusal } from './authorize.ts';
import type { Member } from './binding.ts';
import type { Call, Outcome } from './call.ts';
import { ownerOfName } from './name-routing.ts';

/** Thrown if the plugin may not call the tool that would be sent. */
class NotAllowed extends Error {}

const longestError = 1000;

/** Sends a plugin's call through the hooks to its upstream. */
type Dispatch = (nested: Call, member: Member, params: JsonObject) => Promise<Outcome>;

/** A tool that a plugin calls. */
interface FoundTool {
  readonly member: Member;
  /** Its name at the upstream, and the one that clients see. */
  readonly name: string;
  readonly exposed: string;
  readonly args: JsonObject;
}

const noCalls: readonly CalledTool[] = [];

/**
 * Provides the tools of a call's binding to its plugins. A plugin's call is handled like the client's, with the same
 * route, chain, headers, principal and rights, and with an id and a record of its own.
 */
export class NestedTools implements Tools {
  readonly #call: Call;
  readonly #dispatch: Dispatch;

  constructor(call: Call, dispatch: Dispatch) {
    this.#call = call;
    this.#dispatch = dispatch;
  }

  get within(): readonly CalledTool[] {
    return this.#call.nested?.stack ?? noCalls;
  }

  madeBy(plugin: string): number {
    return this.#client.record.callsBy(plugin);
  }

  async call({ plugin, tool, argumentsJson, timeoutMs, signal, allows }: ToolCallOptions): Promise<ToolAnswer> {
    const client = this.#client;
    const { onNotification: _, ...rest } = this.#call;
    const record = client.record.addCall(client.requestId, plugin);
    record.nameTarget(tool);
    const nested: Call = {
      ...rest,
      ...{ requestId: record.request, record, signal, method: 'tools/call' },
      trace: rest.trace?.nested(record),
      timeoutMs: Math.min(timeoutMs, this.#call.timeoutMs ?? timeoutMs),
      timeoutSetting: 'timeout_ms of the grant tool_call',
      nested: {
        client,
        stack: [...this.within, { plugin, tool }],
        admit(sent) {
          if (!allows(sent))
            throw new NotAllowed(`a plugin turned it into a call of ${sent}, which the grant does not name`);
        },
      },
    };
    try {
      checkName(nested, 'tools', tool);
      const { member, name } = ownerOfName(this.#call.route, tool);
      const args = parseObject(argumentsJson, 'arguments-json');
      const outcome = await this.#send(nested, { member, name, exposed: tool, args });
      if (outcome.kind === 'block') record.end({ blocked: outcome.data });
      const answer = shown(this.#call, plugin, outcome);
      record.finish('ok' in answer ? 'result' : answer.err.tag);
      return answer;
    } catch (thrown) {
      signal.throwIfAborted();
      const err = errorOf(thrown);
      record.finish(err.tag);
      return { err };
    } finally {
      record.finish('aborted');
    }
  }

  /** Sends a call to its upstream, between the handlers of the embedding program if it has any. */
  #send(nested: Call, { member, name, exposed, args }: FoundTool): Promise<Outcome> {
    const { handlers } = nested;
    const params = { name, arguments: args };
    if (handlers === undefined) return this.#dispatch({ ...nested, params }, member, params);
    return handlers.around({ ...nested, params: { name: exposed, arguments: args } }, async changed => {
      const asked = changed.name;
      if (asked === exposed) return this.#dispatch({ ...nested, params: changed }, member, { ...changed, name });
      if (typeof asked !== 'string') return fail('params_invalid', { hint: '`name` is not a string' });
      nested.nested?.admit(asked);
      checkName(nested, 'tools', asked);
      const owner = ownerOfName(nested.route, asked);
      return this.#dispatch({ ...nested, params: changed }, owner.member, { ...changed, name: owner.name });
    });
  }

  /** The client's own call. */
  get #client(): Call {
    return this.#call.nested?.client ?? this.#call;
  }
}

/** Converts the answer to what the plugin may see. */
function shown({ route }: Call, plugin: string, outcome: Outcome): ToolAnswer {
  if (outcome.kind === 'block') return { err: { tag: 'blocked', val: violationOf(outcome.data) } };
  if (outcome.kind === 'error') {
    return { err: { tag: 'failed', val: outcome.error.message.toWellFormed().slice(0, longestError) } };
  }
  const response = route.chain.show(plugin, outcome.result);
  if (response?.tag === 'tool-result') return { ok: response.val };
  const why =
    response === undefined ? 'the result cannot be shown' : 'the tool asks for input, and no client can answer';
  return { err: { tag: 'failed', val: why } };
}

/** @throws what was thrown, if it is a bug of ours */
function errorOf(thrown: unknown): CallError {
  if (thrown instanceof NotAllowed) return { tag: 'denied', val: thrown.message };
  if (thrown instanceof InvalidOutput) return { tag: 'invalid', val: thrown.message };
  if (!(thrown instanceof Fault) || thrown.code === 'internal') throw thrown;
  // An upstream's own words have passed no plugin, so only the code's text is passed on.
  const { says } = codes[thrown.code];
  if (isRefusal(thrown) || thrown.code.startsWith('handler_')) return { tag: 'denied', val: says };
  if (thrown.code === 'name_unknown') return { tag: 'not-found', val: says };
  return thrown.code === 'upstream_timeout' ? { tag: 'timeout' } : { tag: 'unavailable', val: says };
}

const violationOf = ({ code, reason, description, details }: BlockData): Violation => ({
  ...{ code, reason, description },
  ...(details === undefined ? {} : { details: JSON.stringify(details) }),
});
