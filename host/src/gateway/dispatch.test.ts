import { describe, expect, it } from 'vitest';
import { callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import type { JsonObject } from '../core/json.ts';
import { dispatch } from './dispatch.ts';

const answers = {
  'tools/call': { content: [] },
  'prompts/get': { messages: [] },
  'resources/read': (params: JsonObject) => ({ contents: [{ uri: params.uri ?? '', text: 'read' }] }),
  'resources/list': { resources: [{ uri: 'x:1', name: 'one' }] },
  'resources/templates/list': { resourceTemplates: [] },
  'completion/complete': { completion: { values: [] } },
};

/** Sends a request through a binding of one or two upstreams, and returns what reached the first one. */
async function sent(method: string, params: JsonObject, several = false) {
  const upstream = fakeUpstream('a', answers);
  const route = several ? routeTo(upstream, fakeUpstream('b')) : routeTo(upstream);
  const call = callOf(route, method, params);
  await dispatch(call);
  return {
    asked: upstream.asked.filter(each => each.method === method).map(each => each.params),
    record: call.record.summary(),
  };
}

describe('a call', () => {
  it.each([
    { method: 'tools/call', params: { name: 'echo', arguments: { a: 1 } } },
    { method: 'prompts/get', params: { name: 'greet' } },
    { method: 'resources/read', params: { uri: 'x:1' } },
    { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'greet' }, argument: {} } },
    { method: 'completion/complete', params: { ref: { type: 'ref/resource', uri: 'x:1' }, argument: {} } },
  ])('of $method reaches a single upstream as it was sent', async ({ method, params }) => {
    expect((await sent(method, params)).asked).toEqual([params]);
  });

  it.each([
    { method: 'tools/call', params: { name: 'a__echo', arguments: {} }, reaches: { name: 'echo', arguments: {} } },
    { method: 'prompts/get', params: { name: 'a__greet' }, reaches: { name: 'greet' } },
    {
      method: 'completion/complete',
      params: { ref: { type: 'ref/prompt', name: 'a__greet' } },
      reaches: { ref: { type: 'ref/prompt', name: 'greet' } },
    },
    {
      method: 'completion/complete',
      params: { ref: { type: 'ref/resource', uri: 'x:1' } },
      reaches: { ref: { type: 'ref/resource', uri: 'x:1' } },
    },
  ])('of $method reaches one of several upstreams under its own name', async ({ method, params, reaches }) => {
    expect((await sent(method, params, true)).asked).toEqual([reaches]);
  });

  it('loses a request for a task, which could not be asked for', async () => {
    const { asked } = await sent('tools/call', { name: 'echo', arguments: {}, task: { ttl: 1 } });
    expect(asked).toEqual([{ name: 'echo', arguments: {} }]);
  });

  it('is recorded under the name that the client used, cut to a length', async () => {
    expect((await sent('tools/call', { name: 'a__echo' }, true)).record.name).toBe('a__echo');
    expect((await sent('tools/call', { name: 'x'.repeat(5_000) })).record.name?.length).toBeLessThan(1_100);
  });
});

it.each([
  { what: 'an unknown method', method: 'tools/destroy', params: {}, code: 'method_unknown' },
  { what: 'the name of a member of every object', method: 'toString', params: {}, code: 'method_unknown' },
  { what: 'a tool without a name', method: 'tools/call', params: {}, code: 'params_invalid' },
  { what: 'a tool whose name is a number', method: 'tools/call', params: { name: 1 }, code: 'params_invalid' },
  { what: 'a resource without a uri', method: 'resources/read', params: {}, code: 'params_invalid' },
  { what: 'a completion without a reference', method: 'completion/complete', params: {}, code: 'params_invalid' },
  {
    what: 'a completion of a prompt without a name',
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt' } },
    code: 'params_invalid',
  },
  {
    what: 'a completion of a template without a uri',
    method: 'completion/complete',
    params: { ref: { type: 'ref/resource' } },
    code: 'params_invalid',
  },
  {
    what: 'a tool of no upstream',
    method: 'tools/call',
    params: { name: 'echo' },
    code: 'name_unknown',
    several: true,
  },
])('$what is refused as $code, and reaches no upstream', async ({ method, params, code, several = false }) => {
  const upstream = fakeUpstream('a', answers);
  const route = several ? routeTo(upstream, fakeUpstream('b')) : routeTo(upstream);
  await expect(dispatch(callOf(route, method, params))).rejects.toMatchObject({ code });
  expect(upstream.asked).toEqual([]);
});
