import type { Watch } from '@sallyport/host';
import type { ChainInput, ChainOutput, HookRunner } from '@sallyport/host/contract';
import { composeRuns } from '@sallyport/host/plugin';
import { z } from 'zod';
import { toCase } from '../case/contract-value.ts';
import { type Difference, differencesOf } from '../case/difference.ts';
import { levelName } from '../case/level-name.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** A hook call of the plugin, reported after its request. Values have the form of case files. */
export interface SeenCall {
  readonly request: string;
  readonly hook: string;
  /** The name of the tool or prompt, or the URI of the resource. */
  readonly name?: string;
  readonly outcome: string;
  readonly ms: number;
  readonly went_in: unknown;
  /** The changed value, the response, or the violation. */
  readonly came_out?: unknown;
  /** The differences of a changed value. */
  readonly differences: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
  /** Why it failed. */
  readonly cause?: string;
  readonly message?: string;
  readonly log: readonly LogLine[];
}

interface PluginWatch {
  readonly watch: Watch;
  /** Receives a line of the gateway's log. */
  hear(line: string): void;
}

type Half = Pick<SeenCall, 'went_in' | 'came_out' | 'differences' | 'cause' | 'message'> & { readonly log: LogLine[] };

const callSchema = z.object({
  request: z.string(),
  name: z.string().optional(),
  plugins: z.array(z.object({ plugin: z.string(), hook: z.string(), outcome: z.string(), ms: z.number() })).default([]),
});
const lineSchema = z.object({
  level: z.number(),
  msg: z.string(),
  plugin: z.string().optional(),
  request: z.string().optional(),
  calls: z.array(callSchema).default([]),
});
/** The members of a line that a plugin logs while it is configured; lines about a plugin have more. */
const saidAtStart = new Set(['level', 'time', 'plugin', 'msg']);

/**
 * Records the inputs and outputs of one plugin's hook calls as they pass the lanes. The hook, the tool and the outcome
 * are known only when the gateway logs the request.
 */
export function watchPlugin(
  plugin: string,
  listener: { call(seen: SeenCall): void; log(line: LogLine): void; gateway(line: LogLine): void },
): PluginWatch {
  const halves = new Map<string, Half[]>();
  const unclaimed = new Map<string, LogLine[]>();
  const linesOf = (request: string): LogLine[] => {
    const lines = unclaimed.get(request) ?? [];
    unclaimed.delete(request);
    return lines;
  };

  const seeing = (runner: HookRunner): HookRunner => ({
    async run(input, signal) {
      const output = await runner.run(input, signal);
      const { requestId } = input.context;
      const half = { ...valuesOf(input, output), log: linesOf(requestId) };
      halves.set(requestId, [...(halves.get(requestId) ?? []), half]);
      return output;
    },
  });

  function requestEnded({ request, name, plugins }: z.infer<typeof callSchema>): void {
    const seen = halves.get(request) ?? [];
    halves.delete(request);
    seen.at(-1)?.log.push(...linesOf(request));
    const reports = plugins.filter(report => report.plugin === plugin);
    for (const [place, { hook, outcome, ms }] of reports.entries()) {
      const { cause, message, ...half } = seen[place] ?? { went_in: undefined, differences: [], log: [] };
      // An output that the gateway rejects is a failure too, which the lanes do not see.
      const why = outcome === 'failed' ? { cause: cause ?? 'invalid_output', ...(message && { message }) } : {};
      listener.call({ request, hook, ...(name !== undefined && { name }), outcome, ms, ...half, ...why });
    }
  }

  return {
    watch: runner => {
      const watched = seeing(runner);
      return { run: composeRuns(id => (id === plugin ? watched : runner)) };
    },

    hear(text) {
      const json: object = JSON.parse(text);
      const { level, msg, plugin: speaker, request, calls } = lineSchema.parse(json);
      if (msg === 'request' && request !== undefined) {
        for (const call of [...calls, callSchema.parse(json)]) requestEnded(call);
        return;
      }
      const line = { level: levelName(level), message: msg };
      if (speaker === plugin && request !== undefined) {
        unclaimed.set(request, [...(unclaimed.get(request) ?? []), line]);
      } else if (speaker === plugin && Object.keys(json).every(name => saidAtStart.has(name))) {
        listener.log(line);
      } else if (level >= 40) {
        listener.gateway(line);
      }
    },
  };
}

function valuesOf(input: ChainInput, { reports, value, answer }: ChainOutput): Omit<Half, 'log'> {
  const [report] = reports;
  const went_in = toCase(input.value);
  switch (report?.outcome) {
    case 'modified': {
      const came_out = toCase(value);
      return { went_in, came_out, differences: differencesOf(went_in, came_out, '').map(asChange) };
    }
    case 'respond':
      return { went_in, came_out: toCase(answer), differences: [] };
    case 'block':
      return { went_in, came_out: toCase(report.violation), differences: [] };
    case 'failed':
      return { went_in, differences: [], cause: report.cause, message: report.message };
    default:
      return { went_in, differences: [] };
  }
}

const asChange = ({ path, expected, got }: Difference) => ({
  path,
  ...(expected !== undefined && { before: expected }),
  ...(got !== undefined && { after: got }),
});
