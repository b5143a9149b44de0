import { beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { ChainInput, IdentityQuestion } from '../../contract/hook-call.ts';

/** States what it was asked, and answers with something else for some. */
const identity = `
const violation = { code: 'NO', reason: 'No.', description: '' };
const stated = val => ({ tag: 'known', val: { subject: 'ada', scopes: [], claims: '{}', ...val } });
const answers = {
  stranger: () => ({ tag: 'unknown' }),
  ended: () => ({ tag: 'refuse', val: violation }),
  crash: () => { throw new Error('it crashed'); },
  none: () => undefined,
  case: () => ({ tag: 'proceed' }),
  subject: () => stated({ subject: undefined }),
  scopes: () => stated({ scopes: 'all' }),
  seconds: () => stated({ validForS: -1.5 }),
};
export const lifecycle = { configure() {} };
export const identityCheck = {
  identify: ({ requestId }, { header, scheme, value }) =>
    value in answers ? answers[value]() : stated({ claims: [requestId, header, scheme, value].join(' '), validForS: 30 }),
  preCheck: (context, { path, address }) =>
    path === '/no' ? { tag: 'block', val: { ...violation, description: address } } : { tag: 'proceed' },
  postCheck: (context, { scopes }) => ({ tag: 'narrow', val: { scopes: scopes.slice(1) } }),
};`;

let bytes: Uint8Array;
beforeAll(async () => {
  const hooks = ['auth_pre_check', 'auth_post_check'];
  bytes = await jsGuest(guestDescriptor('identity', { kind: 'identity', hooks }), identity);
});

const input = (question: IdentityQuestion): ChainInput => ({
  calls: [{ plugin: 'identity', stopOnBlock: true, stopOnFailure: true }],
  context: { requestId: 'r', binding: 'main', upstream: '' },
  ...question,
});
const credentials = (value: string) =>
  input({ stage: 'identify', value: { header: 'authorization', scheme: 'bearer', value } });
const request = (path: string) => ({ method: 'POST', path, binding: 'main', address: '203.0.113.9' });

it.each([
  ['shared lanes', 'pooled'],
  ['a process of its own', 'process'],
  ["the gateway's thread", 'inline'],
] as const)('[SBX-134] %s: ask an identity plugin, and know no kind', async (_, isolation) => {
  await using runner = await openGuests([{ bytes, isolation, limits: { fuel: 50_000_000 } }]);
  expect(await runner.run(credentials('ada'))).toMatchObject({
    reports: [{ plugin: 'identity', outcome: 'respond' }],
    identified: { subject: 'ada', scopes: [], claims: 'r authorization bearer ada', validForS: 30 },
  });
  const outcomes = async (question: ChainInput) => {
    const { reports, identified } = await runner.run(question);
    const [report] = reports;
    return [report?.outcome === 'failed' ? report.cause : report?.outcome, identified];
  };
  expect(await outcomes(credentials('stranger'))).toEqual(['proceed', undefined]);
  expect(await outcomes(credentials('ended'))).toEqual(['block', undefined]);
  for (const value of ['crash', 'none', 'case', 'subject', 'scopes']) {
    expect([value, ...(await outcomes(credentials(value)))]).toEqual([value, 'trap', undefined]);
  }
  expect(await outcomes(input({ stage: 'preCheck', value: request('/mcp') }))).toEqual(['proceed', undefined]);
  expect((await runner.run(input({ stage: 'preCheck', value: request('/no') }))).reports).toMatchObject([
    { outcome: 'block', violation: { code: 'NO', description: '203.0.113.9' } },
  ]);
  const caller = { request: request('/mcp'), scheme: 'staff', subject: 'ada', scopes: ['a', 'b'] };
  expect(await outcomes(input({ stage: 'postCheck', value: caller }))).toEqual(['respond', { scopes: ['b'] }]);
});
