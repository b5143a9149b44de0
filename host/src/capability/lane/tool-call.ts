import type { CallError } from '../../core/contract/tool-call.js';
import type { ToolResult } from '../../core/contract/types.js';
import type { ToolAnswer } from '../../core/hook-call.ts';
import { DeclaredError, type HostImports, type LaneSide } from './lane-side.ts';

/** Characters of a name. */
export const longestName = 256;

/** What it asks the gateway. */
export interface ToolRequest {
  readonly name: string;
  readonly argumentsJson: string;
}

const wit = 'sallyport:plugin/tool-call';

/** What it answers without a grant. */
const refusing = (tell: (need: unknown) => void): HostImports => ({
  [wit]: {
    call: async (name: string) => {
      tell({ tool: name.slice(0, longestName) });
      throw new DeclaredError({ tag: 'denied', val: 'tool_call was not granted' } satisfies CallError);
    },
  },
});

/** What guests get of `tool_call`. */
export const toolCallInLane = {
  name: 'tool_call',
  wit: [`${wit}@0.1.0`],
  imports: (_grant, lane) => ({
    [wit]: {
      call: async (name: string, argumentsJson: string): Promise<ToolResult> => {
        const answer = (await lane.ask({ name, argumentsJson } satisfies ToolRequest)) as ToolAnswer;
        if ('err' in answer) throw new DeclaredError(answer.err);
        return answer.ok;
      },
    },
  }),
  asyncImports: [`${wit}#call`],
  denied: refusing(() => {}),
  learning: { imports: refusing },
} satisfies LaneSide;
