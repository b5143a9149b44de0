import { describe, expect, it } from 'vitest';
import { type Answers, callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { ListMethod } from '../mcp/methods.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { list } from './lists.ts';

const tools = (...names: string[]): JsonObject => ({ tools: names.map(name => ({ name, inputSchema: {} })) });
const resources = (...uris: string[]): JsonObject => ({
  resources: uris.map(uri => ({ uri, name: `name of ${uri}` })),
});
const down = new Fault('upstream_unavailable', { upstream: 'b' });

async function listed(method: ListMethod, first: Upstream, ...others: Upstream[]) {
  const { result } = await list(callOf(routeTo(first, ...others), method), method);
  const [items] = Object.values(result ?? {});
  return (items as JsonObject[]).map(({ name, uri }) => uri ?? name);
}

describe('the list of a single upstream', () => {
  it('passes page by page, with cursors and members that nobody knows', async () => {
    const page = { tools: [{ name: 'one', more: { kept: true } }], nextCursor: 'p2' };
    const upstream = fakeUpstream('a', { 'tools/list': page });
    const call = callOf(routeTo(upstream), 'tools/list', { cursor: 'p1' });
    expect((await list(call, 'tools/list')).result).toEqual(page);
    expect(upstream.asked).toEqual([{ method: 'tools/list', params: { cursor: 'p1' } }]);
  });

  it('passes on the error of the upstream', async () => {
    const { error } = await list(callOf(routeTo(fakeUpstream('a')), 'tools/list'), 'tools/list');
    expect(error).toMatchObject({ code: -32601 });
  });

  it('leaves out tools that only run as tasks, and says nothing of tasks', async () => {
    const all = [
      { name: 'plain' },
      { name: 'may', execution: { taskSupport: 'optional' } },
      { name: 'must', execution: { taskSupport: 'required' } },
    ];
    const upstream = fakeUpstream('a', { 'tools/list': { tools: all } });
    const { result } = await list(callOf(routeTo(upstream), 'tools/list'), 'tools/list');
    expect(result).toEqual({ tools: [{ name: 'plain' }, { name: 'may' }] });
  });
});

describe('the list of several upstreams', () => {
  const of = (id: string, answers: Answers, more: Partial<Upstream> = {}) => fakeUpstream(id, answers, more);

  it.each([
    { method: 'tools/list', a: tools('x', 'y'), b: tools('x'), found: ['a__x', 'a__y', 'b__x'] },
    { method: 'prompts/list', a: { prompts: [{ name: 'p' }] }, b: { prompts: [] }, found: ['a__p'] },
    { method: 'resources/list', a: resources('x:1', 'x:2'), b: resources('x:3'), found: ['x:1', 'x:2', 'x:3'] },
    { method: 'resources/list', a: resources('x:1'), b: resources('x:1', 'x:2'), found: ['x:1', 'x:2'] },
  ] as const)('of $method is merged: $found', async ({ method, a, b, found }) => {
    expect(await listed(method, of('a', { [method]: a }), of('b', { [method]: b }))).toEqual(found);
  });

  it('is read to the end of each upstream’s pages', async () => {
    const paged = of('a', {
      'tools/list': ({ cursor }) => (cursor === undefined ? { ...tools('one'), nextCursor: '2' } : tools('two')),
    });
    expect(await listed('tools/list', paged, of('b', { 'tools/list': tools('three') }))).toEqual([
      ...['a__one', 'a__two'],
      'b__three',
    ]);
  });

  it('leaves out an upstream that cannot be asked, and fails when none can', async () => {
    const broken = of('b', { 'tools/list': down });
    expect(await listed('tools/list', of('a', { 'tools/list': tools('x') }), broken)).toEqual(['a__x']);
    await expect(listed('tools/list', broken, of('c', { 'tools/list': down }))).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
  });

  it('does not ask an upstream that was never reached while another one was', async () => {
    const unreached = of('b', { 'tools/list': tools('x') }, { serverInfo: undefined });
    expect(await listed('tools/list', of('a', { 'tools/list': tools('x') }), unreached)).toEqual(['a__x']);
    expect(unreached.asked).toEqual([]);
  });

  it('does not ask an upstream that offers nothing of the kind', async () => {
    const serverInfo = { revision: '2025-11-25', implementation: {}, capabilities: { prompts: {} } };
    const other = of('b', { 'tools/list': tools('x') }, { serverInfo });
    expect(await listed('tools/list', of('a', { 'tools/list': tools('x') }), other)).toEqual(['a__x']);
    expect(other.asked).toEqual([]);
  });

  it('takes no cursor, for it gave none', async () => {
    const route = routeTo(of('a', {}), of('b', {}));
    await expect(list(callOf(route, 'tools/list', { cursor: '1' }), 'tools/list')).rejects.toMatchObject({
      code: 'params_invalid',
    });
  });
});
