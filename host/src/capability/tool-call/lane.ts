import type { CallError } from '../../contract/generated/tool-call.js';
import type { ToolResult } from '../../contract/generated/types.js';
import { askGateway } from '../lane/ask-gateway.ts';
import { DeclaredError, type HostImports, type LaneSide } from '../lane/lane-side.ts';

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
      call: (name: string, argumentsJson: string) =>
        askGateway<ToolResult>(lane, { name, argumentsJson } satisfies ToolRequest),
    },
  }),
  asyncImports: [`${wit}#call`],
  denied: refusing(() => {}),
  learning: { imports: refusing },
} satisfies LaneSide;
