import { expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { parseCases } from './case-file.ts';
import { testPlugin } from './test-plugin.ts';

/** States what it was asked, and refuses, blocks and narrows for some. */
const script = `
const refusal = { code: 'NO', reason: 'No.', description: '' };
export const lifecycle = { configure() {} };
export const identityCheck = {
  identify(context, { header, scheme, value }) {
    if (value === 'stranger') return { tag: 'unknown' };
    if (value === 'ended') return { tag: 'refuse', val: refusal };
    if (value === 'crash') throw new Error('it crashed');
    const claims = JSON.stringify({ header, scheme });
    return { tag: 'known', val: { subject: value, scopes: ['a'], claims, validForS: 30 } };
  },
  preCheck: (context, { path }) => (path === '/mcp/secret' ? { tag: 'block', val: refusal } : { tag: 'proceed' }),
  postCheck: (context, { scopes }) => ({ tag: 'narrow', val: { scopes: scopes.slice(1) } }),
};`;

const known = { subject: 'ada', scopes: ['a'], claims: { header: 'authorization', scheme: 'bearer' }, validForS: 30 };
const blocked = { outcome: 'block', violation: { code: 'NO' } };

it('[AUT-131] cases ask an identity plugin about credentials, and call its hooks', async () => {
  const cases = [
    { hook: 'identify', request: { scheme: 'bearer', value: 'ada' }, expect: { outcome: 'respond', value: known } },
    { hook: 'identify', request: { value: 'stranger' }, expect: { outcome: 'proceed' } },
    { hook: 'identify', request: { value: 'ended' }, expect: blocked },
    { hook: 'identify', request: { value: 'crash' }, expect: { outcome: 'failed', cause: 'trap' } },
    { hook: 'auth_pre_check', expect: { outcome: 'proceed' } },
    { hook: 'auth_pre_check', request: { path: '/mcp/secret' }, expect: blocked },
    {
      hook: 'auth_post_check',
      request: { subject: 'ada', scopes: ['a', 'b'] },
      expect: { outcome: 'respond', value: { scopes: ['b'] } },
    },
    { hook: 'identify', request: { value: 'bob' }, expect: { outcome: 'respond', value: known } },
  ];
  const hooks = ['auth_pre_check', 'auth_post_check'];
  const bytes = await jsGuest(guestDescriptor('identity', { kind: 'identity', hooks }), script);
  const parsed = parseCases(JSON.stringify({ cases: cases.map(each => ({ name: 'n', ...each })) }), 'cases/x.json');
  const { signal } = new AbortController();
  const { results, text } = await testPlugin(bytes, { reference: 'test', cases: parsed, signal });
  expect(results.map(({ differences }) => differences.map(({ path }) => path))).toEqual([
    ...[[], [], [], [], [], [], []],
    ['value.subject', 'value.claims.scheme'],
  ]);
  expect(text).toContain('hooks: identify 5, auth_pre_check 2, auth_post_check 1');
});

it.each([
  [{ hook: 'identify' }, /value/],
  [{ hook: 'identify', request: { value: '' } }, /value/],
  [{ hook: 'identify', request: { value: 'a', other: 1 } }, /other/],
  [{ hook: 'auth_pre_check', response: { tag: 'tool-list', val: [] } }, /takes a request/],
  [{ hook: 'auth_post_check', request: { scopes: 'a' } }, /scopes/],
  [{ hook: 'tool_pre_invoke', request: { value: 'a' } }, /takes one of the tags tool-call/],
  [{ hook: 'tool_pre_invoke', request: { tag: 'tool-call', val: {}, other: 1 } }, /other/],
])('[AUT-131] refuses the case %j', (step, says) => {
  const text = JSON.stringify({ cases: [{ name: 'n', ...step, expect: { outcome: 'proceed' } }] });
  expect(() => parseCases(text, 'cases/x.json')).toThrow(says);
});
