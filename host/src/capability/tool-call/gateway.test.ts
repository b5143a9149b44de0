import { describe, expect, it, vi } from 'vitest';
import type { ToolAnswer, Tools } from '../../contract/hook-call.ts';
import type { ServeContext, ServedCall } from '../capability.ts';
import { toolCall } from './gateway.ts';

const result = { content: [], isError: false };
const request = { requestId: 'r', binding: 'b', upstream: 'u', signal: new AbortController().signal };

function open(grant: object, more: Partial<Tools> = {}) {
  const refused = vi.fn();
  const call = vi.fn(async (): Promise<ToolAnswer> => ({ ok: result }));
  const tools: Tools = { within: [], madeBy: () => 0, call, ...more };
  const serve = toolCall.serve?.(toolCall.grant.parse(grant), { plugin: 'p', refused } as unknown as ServeContext);
  const ask = async (name: string, on: ServedCall = { ...request, tools }) =>
    (await serve?.({ name, argumentsJson: '{}' }, on)) as ToolAnswer;
  return { ask, call, refused };
}

const tagOf = (answer: ToolAnswer) => ('err' in answer ? answer.err.tag : 'ok');

describe('a grant of tool_call', () => {
  it.each([
    { tools: [] },
    { tools: ['*'] },
    { tools: ['**'] },
    { tools: [''] },
    { tools: [{ name: 'a*', any_tool: true }] },
    { tools: [{ name: '*' }] },
    { tools: [{ name: '*', any_tool: false }] },
    { tools: ['a'], max_depth: 0 },
    { tools: ['a'], max_depth: 9 },
    { tools: ['a'], max_calls: 0 },
    { tools: ['a'], depth: 1 },
    {},
  ])('[CAP-60] $0 is refused', grant => {
    expect(toolCall.grant.safeParse(grant).success).toBe(false);
  });

  it.each([
    { tools: ['a'], name: 'a', allowed: true },
    { tools: ['a'], name: 'A', allowed: false },
    { tools: ['a'], name: 'ab', allowed: false },
    { tools: ['a*'], name: 'a', allowed: true },
    { tools: ['a*'], name: 'b-a', allowed: false },
    { tools: ['*a'], name: 'b-a', allowed: true },
    { tools: ['u__*-b-*c'], name: 'u__a-b-cc', allowed: true },
    { tools: ['u__*-b-*c'], name: 'u__-b-', allowed: false },
    { tools: ['ab*ba'], name: 'aba', allowed: false },
    { tools: ['a.c'], name: 'abc', allowed: false },
    { tools: ['b', 'a'], name: 'a', allowed: true },
    { tools: [{ name: '*', any_tool: true }], name: 'anything', allowed: true },
  ])('[CAP-62] with $tools allows $name: $allowed', async ({ tools, name, allowed }) => {
    const { ask, call, refused } = open({ tools });
    expect(tagOf(await ask(name))).toBe(allowed ? 'ok' : 'denied');
    expect(call).toHaveBeenCalledTimes(allowed ? 1 : 0);
    expect(refused).toHaveBeenCalledTimes(allowed ? 0 : 1);
  });
});

describe('a call by a plugin', () => {
  const by = (plugin: string, tool: string) => ({ plugin, tool });

  it.each([
    { what: 'its own call of the tool', within: [by('p', 'a')], tag: 'loop' },
    { what: 'its own call of the tool, with another between', within: [by('p', 'a'), by('q', 'b')], tag: 'loop' },
    { what: 'its own call of another tool', within: [by('p', 'b')], tag: 'ok' },
    { what: 'a call of the tool by another plugin', within: [by('q', 'a')], tag: 'ok' },
    { what: 'three calls', within: [by('q', 'a'), by('r', 'a'), by('s', 'a')], tag: 'too-deep' },
  ])('[CAP-63] within $what is answered $tag', async ({ within, tag }) => {
    expect(tagOf(await open({ tools: ['a'], max_depth: 3 }, { within }).ask('a'))).toBe(tag);
  });

  it('[CAP-63] counts against its calls for the request', async () => {
    expect(tagOf(await open({ tools: ['a'], max_calls: 3 }, { madeBy: () => 2 }).ask('a'))).toBe('ok');
    expect(tagOf(await open({ tools: ['a'], max_calls: 3 }, { madeBy: () => 3 }).ask('a'))).toBe('limit');
  });

  it('[CAP-64] is not possible while the plugin starts, for there is no request', async () => {
    expect(tagOf(await open({ tools: ['a'] }).ask('a', request))).toBe('unavailable');
  });

  it('[CAP-67] that was refused while learning is told by its name, as the smallest grant', async () => {
    const needs: unknown[] = [];
    const functions = toolCall.learning?.imports(need => needs.push(need), new Map())['sallyport:plugin/tool-call'];
    const call = functions?.call as (name: string) => Promise<unknown>;
    for (const name of ['b', 'a', 'b', 'c*', '']) {
      await expect(call(name)).rejects.toMatchObject({ payload: { tag: 'denied' } });
    }
    const grant = toolCall.learning?.grant([...needs, 7, null, { tool: 7 }], {});
    expect(grant).toEqual({ tools: ['a', 'b'] });
    expect(toolCall.grant.safeParse(grant).success).toBe(true);
  });
});
