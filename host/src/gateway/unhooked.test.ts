import { expect, it } from 'vitest';
import { upstreamError, withoutText } from './unhooked.ts';

const progress = 'notifications/progress';

it.each([
  {
    what: 'progress keeps its numbers alone',
    params: { progress: 1, total: 2, message: 'secret' },
    left: { progress: 1, total: 2 },
  },
  { what: 'progress without a total', params: { progress: 0.5, message: 'secret' }, left: { progress: 0.5 } },
  { what: 'a total that is a text is dropped', params: { progress: 1, total: 'secret' }, left: { progress: 1 } },
  {
    what: 'a token is dropped, for it may be any text',
    params: { progress: 1, progressToken: 'secret' },
    left: { progress: 1 },
  },
])('$what', ({ params, left }) => {
  expect(withoutText({ method: progress, params })).toEqual({ method: progress, params: left });
});

it.each([
  { what: 'progress that is a text', notification: { method: progress, params: { progress: 'secret' } } },
  { what: 'progress without params', notification: { method: progress } },
  { what: 'a log message', notification: { method: 'notifications/message', params: { data: 'secret' } } },
  { what: 'what MCP does not know', notification: { method: 'notifications/new', params: { progress: 1 } } },
])('nothing is left of $what', ({ notification }) => {
  expect(withoutText(notification)).toBeUndefined();
});

it('the error of an upstream keeps its number, and its words go into the hint, cut to a length', () => {
  const fault = upstreamError({ code: -32042, message: 'x'.repeat(5_000) }, 'up');
  expect(fault).toMatchObject({ code: 'upstream_error', details: { upstream: 'up', rpc: -32042 } });
  expect(fault.hint.length).toBeLessThan(1_100);
  expect(upstreamError({ code: 1, message: 'no' }, undefined).details).not.toHaveProperty('upstream');
});
