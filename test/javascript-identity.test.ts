import { describe, expect, it } from 'vitest';
import { block, identity, known, narrow, refuse } from '../sdk/js/index.ts';

const context = { requestId: 'r', deadlineMs: 10 };
const credentials = (value: string) => ({ header: 'x-session', value });
const request = { method: 'POST', path: '/mcp', binding: 'main', address: '203.0.113.9' };
const caller = (subject: string) => ({ request, scheme: 'legacy', subject, scopes: ['a', 'b'] });

describe('[AUT-130] an identity plugin in JavaScript', () => {
  const { lifecycle, identityCheck } = identity({
    defaults: { tenant: 'one' },
    identify({ value }, _context, { tenant }) {
      if (value === 'stranger') return undefined;
      if (value === 'ended') return refuse('SESSION_ENDED', 'The session has ended.');
      return known(value, { tenant, scopes: ['a'], claims: { team: 'x' }, validForS: 30 });
    },
    preCheck: ({ address }) => (address === '203.0.113.1' ? block('ADDRESS', 'Not from there.') : undefined),
    postCheck: ({ subject }) => (subject === 'ada' ? narrow({ scopes: ['a'] }) : undefined),
  });

  it('identifies callers with the configuration of the operator', () => {
    lifecycle.configure('{"tenant":"two"}');
    expect(identityCheck.identify(context, credentials('ada'))).toEqual({
      tag: 'known',
      val: { subject: 'ada', tenant: 'two', scopes: ['a'], claims: '{"team":"x"}', validForS: 30 },
    });
    expect(identityCheck.identify(context, credentials('stranger'))).toEqual({ tag: 'unknown' });
    expect(identityCheck.identify(context, credentials('ended'))).toMatchObject({
      ...{ tag: 'refuse', val: { code: 'SESSION_ENDED' } },
    });
    expect(() => lifecycle.configure('{"tenant":2}')).toThrow('tenant must be a string');
  });

  it('refuses requests and narrows callers, and otherwise lets them proceed', () => {
    expect(identityCheck.preCheck(context, request)).toEqual({ tag: 'proceed' });
    expect(identityCheck.preCheck(context, { ...request, address: '203.0.113.1' })).toMatchObject({ tag: 'block' });
    expect(identityCheck.postCheck(context, caller('ada'))).toEqual({ tag: 'narrow', val: { scopes: ['a'] } });
    expect(identityCheck.postCheck(context, caller('bob'))).toEqual({ tag: 'proceed' });
  });

  it('does nothing without functions', () => {
    const { identityCheck: empty } = identity({});
    expect(empty.identify(context, credentials('ada'))).toEqual({ tag: 'unknown' });
    expect(empty.preCheck(context, request)).toEqual({ tag: 'proceed' });
    expect(empty.postCheck(context, caller('ada'))).toEqual({ tag: 'proceed' });
  });
});
