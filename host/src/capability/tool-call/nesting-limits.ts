import type { Tools } from '../../contract/hook-call.ts';

/** The limits of a grant on the calls that a plugin makes for one request of a client. */
export interface NestingLimits {
  readonly max_depth: number;
  readonly max_calls: number;
}

export interface NestingExcess {
  readonly tag: 'loop' | 'too-deep' | 'limit';
  readonly why: string;
}

/**
 * Returns why a plugin may not call a tool within the calls that are under way; undefined if it may.
 *
 * A plugin may not call a tool that it is already calling, at any depth and whatever other plugins are between. Nesting
 * ends at the depth that is granted to the plugin that makes the innermost call.
 */
export function nestingExcess(
  tools: Tools,
  plugin: string,
  tool: string,
  limits: NestingLimits,
): NestingExcess | undefined {
  if (tools.within.some(outer => outer.plugin === plugin && outer.tool === tool)) {
    return { tag: 'loop', why: `${plugin} is already calling ${shown(tool)}, and this call is part of that one` };
  }
  if (tools.within.length >= limits.max_depth) {
    return { tag: 'too-deep', why: `more than ${limits.max_depth} nested calls` };
  }
  if (tools.madeBy(plugin) >= limits.max_calls) {
    return { tag: 'limit', why: `more than ${limits.max_calls} calls for one request` };
  }
  return undefined;
}

/** Returns the part of a tool's name that a message repeats. */
export const shown = (tool: string): string => tool.slice(0, 64);
