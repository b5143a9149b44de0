import { z } from 'zod';
import { defineCanned } from '../canned.ts';
import { requestSchema } from './gateway.ts';

/** One call with its answer. It is used once, in any order. */
const callSchema = z.strictObject({
  name: z.string(),
  arguments: z.unknown().optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.strictObject({ tag: z.string(), val: z.unknown().optional() }).optional(),
});

/** No tool is called: the results come from the case. */
export const toolCallCanned = defineCanned({
  host: { tools: z.array(callSchema).default([]) },
  open({ tools }, context) {
    const left = [...tools];
    return {
      async serve(message) {
        const { name, argumentsJson } = requestSchema.parse(message);
        const index = left.findIndex(
          tool =>
            tool.name === name && (tool.arguments === undefined || context.matches(tool.arguments, argumentsJson)),
        );
        const [found] = index === -1 ? [] : left.splice(index, 1);
        if (found === undefined) {
          context.unexpected('host.tools', { name, arguments: argumentsJson });
          return { err: { tag: 'not-found' } };
        }
        if (found.error !== undefined) return { err: found.error };
        return { ok: context.toContract({ content: [], isError: false, ...found.result }) };
      },
      grant: {},
      unused: () =>
        left.map(({ name, arguments: given }) => ({ path: 'host.tools', answer: { name, arguments: given } })),
    };
  },
});
