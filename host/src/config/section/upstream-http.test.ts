import { describe, expect, it } from 'vitest';
import { upstreamSchema } from './upstreams.ts';

const problemsOf = (http: object, more: object = {}) =>
  (upstreamSchema.safeParse({ id: 'up', http, ...more }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
const two = [{ url: 'http://a/mcp' }, { url: 'http://b/mcp' }];

describe('several instances of an upstream', () => {
  it('[CFG-09] are accepted, with weights and limits', () => {
    const instances = [{ url: 'http://a/mcp', id: 'a', weight: 0, max_connections: 5 }, { url: 'http://b/mcp' }];
    const parsed = upstreamSchema.parse({ id: 'up', http: { instances, session_lost: 'reconnect', health: {} } });
    expect(parsed.http).toEqual({
      instances: [instances[0], { url: 'http://b/mcp', weight: 1 }],
      session_lost: 'reconnect',
      health: { interval_ms: 5_000, timeout_ms: 3_000, failures: 3, successes: 2 },
      headers: {},
    });
  });

  it.each([
    {
      what: 'the same URL twice',
      http: { instances: [{ url: 'http://a/mcp' }, { url: 'http://A:80/mcp' }] },
      found: /^http\.instances\.1\.url: duplicate URL/,
    },
    {
      what: 'one id twice',
      http: { instances: two.map(each => ({ ...each, id: 'a' })) },
      found: /^http\.instances\.1\.id: duplicate id: a$/,
    },
    {
      what: 'weights of 0 alone',
      http: { instances: two.map(each => ({ ...each, weight: 0 })) },
      found: /^http\.instances\.0\.weight: all weights are 0/,
    },
    { what: 'no instance', http: { instances: [] }, found: /^http\.instances: / },
    {
      what: 'a weight below 0',
      http: { instances: [{ ...two[0], weight: -1 }] },
      found: /^http\.instances\.0\.weight: /,
    },
    {
      what: 'a URL beside them',
      http: { url: 'http://a/mcp', instances: two },
      found: /^http: expected exactly one of url/,
    },
    { what: 'neither', http: {}, found: /^http: expected exactly one of url, instances; found none/ },
    { what: 'checks of one server', http: { url: 'http://a/mcp', health: {} }, found: /^http\.health: has an effect/ },
    {
      what: 'a rule for the sessions of one server',
      http: { url: 'http://a/mcp', session_lost: 'end' },
      found: /^http\.session_lost: has an effect/,
    },
    {
      what: 'a connection that all clients share',
      http: { instances: two },
      more: { connections: 'shared' },
      found: /^connections: clients cannot share/,
    },
    {
      what: 'a URL with a password',
      http: { instances: [{ url: 'http://ada:secret@a/mcp' }] },
      found: /^http\.instances\.0\.url: the user and password/,
    },
  ])('[CFG-09] are refused with $what', ({ http, more, found }) => {
    expect(problemsOf(http, more)).toEqual([expect.stringMatching(found)]);
  });
});
