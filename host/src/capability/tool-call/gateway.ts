import { z } from 'zod';
import type { ToolResult } from '../../contract/generated/types.js';
import type { ToolAnswer } from '../../contract/hook-call.ts';
import { matchesGlob } from '../../core/glob.ts';
import { defineCapability, type Serve, type ServeContext } from '../capability.ts';
import { longestName, type ToolRequest, toolCallInLane } from './lane.ts';
import { nestingExcess, shown } from './nesting-limits.ts';

const anyToolDue = 'a lone * allows every tool: to allow that, write { name: "*", any_tool: true }';

const toolSchema = z.union([
  z.string().max(longestName).regex(/[^*]/, anyToolDue),
  z.strictObject({ name: z.literal('*'), any_tool: z.literal(true) }),
]);

const grantSchema = z.strictObject({
  tools: z.array(toolSchema).min(1).describe('Names as clients of the binding see them; `*` matches any characters.'),
  max_depth: z
    .number()
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe(
      "Maximum nesting of calls, counted from the client's request; 1 allows only calls made for a client's request.",
    ),
  max_calls: z.number().int().min(1).max(100).default(8).describe('Calls for one request of a client, at any depth.'),
  timeout_ms: z.number().int().min(1).max(600_000).default(5000),
  max_bytes: z
    .number()
    .int()
    .min(1)
    .max(2 ** 26)
    .default(1_048_576)
    .describe('Size of one result that is shown to the plugin.'),
  max_request_bytes: z
    .number()
    .int()
    .min(2)
    .max(2 ** 24)
    .default(65_536)
    .describe('Size of the arguments of one call, as JSON.'),
});

type Grant = z.infer<typeof grantSchema>;

export const requestSchema: z.ZodType<ToolRequest> = z.object({ name: z.string(), argumentsJson: z.string() });

const reasons = {
  denied: 'not_allowed',
  loop: 'not_allowed',
  'too-deep': 'over_limit',
  limit: 'over_limit',
  invalid: 'invalid',
} as const;

/** Other tools of the binding, called on behalf of the caller, through the same plugins. */
export const toolCall = defineCapability<Grant>({
  ...toolCallInLane,
  gives: 'calls of other tools of the binding, through the same plugins',
  risk: 'Lets the plugin call the named tools with arguments of its own, on behalf of the caller.',
  grant: grantSchema,
  example: 'tool_call: { tools: [search], max_depth: 1 }',
  serve: serveToolCall,
  deniedBy: '`denied`',
  refuses: {
    not_allowed:
      'a tool that the grant does not name, and a call that leads back to itself; the call returns `denied` or `loop`',
    over_limit:
      'a call beyond `max_depth` or `max_calls`, and arguments or a result that are too large; the call returns `too-deep` or `limit`',
    invalid: 'a name that is too long; the call returns `invalid`',
  },
  learning: {
    ...toolCallInLane.learning,
    records: 'The names of the tools, which the suggested grant lists; no arguments. The call returns `denied`.',
    grant: smallestGrant,
  },
});

/** Decides whether a call may be made, from what the gateway knows of the request and no lane can say. */
function serveToolCall(grant: Grant, on: ServeContext): Serve {
  const { plugin } = on;
  const names = grant.tools.map(tool => (typeof tool === 'string' ? tool : tool.name));
  const allows = (tool: string) => names.some(name => matchesGlob(name, tool));

  return async (message, call): Promise<ToolAnswer> => {
    const { name, argumentsJson } = requestSchema.parse(message);
    const refuse = (tag: keyof typeof reasons, why: string): ToolAnswer => {
      on.refused(`call ${shown(name)}: ${why}`, call, reasons[tag]);
      return { err: { tag, val: why } };
    };
    const { tools } = call;
    if (tools === undefined) return { err: { tag: 'unavailable', val: 'no request is being handled' } };
    if (name.length > longestName) {
      return refuse('invalid', `the name has more than ${longestName} characters`);
    }
    if (!allows(name)) return refuse('denied', `the tool ${shown(name)} is not named by the grant`);
    const excess = nestingExcess(tools, plugin, name, grant);
    if (excess !== undefined) return refuse(excess.tag, excess.why);
    if (Buffer.byteLength(argumentsJson) > grant.max_request_bytes) {
      return refuse('limit', `more than ${grant.max_request_bytes} bytes of arguments`);
    }
    const late = AbortSignal.timeout(grant.timeout_ms);
    const signal = AbortSignal.any([call.signal, late]);
    try {
      const answer = await tools.call({
        ...{ plugin, tool: name, argumentsJson, timeoutMs: grant.timeout_ms, signal, allows },
      });
      if ('err' in answer && answer.err.tag === 'denied') return refuse('denied', answer.err.val);
      if ('ok' in answer && weightOf(answer.ok) > grant.max_bytes) {
        return refuse('limit', `more than ${grant.max_bytes} bytes in the result`);
      }
      return answer;
    } catch (thrown) {
      if (late.aborted && !call.signal.aborted) return { err: { tag: 'timeout' } };
      throw thrown;
    }
  };
}

/** Bytes that a plugin is shown of a result. */
function weightOf({ content, structuredContent = '' }: ToolResult): number {
  return content.reduce((sum, block) => {
    if (block.tag === 'opaque') return sum;
    return sum + (block.tag === 'blob' ? block.val.data.length : Buffer.byteLength(block.val));
  }, Buffer.byteLength(structuredContent));
}

const needSchema = z.object({ tool: z.string() });

/** The tools that were called. One that the grant would read as more than itself is left to the operator. */
function smallestGrant(needs: readonly unknown[]): unknown {
  const called = needs.flatMap(need => needSchema.safeParse(need).data?.tool ?? []);
  return { tools: [...new Set(called.filter(name => name !== '' && !name.includes('*')))].sort() };
}
