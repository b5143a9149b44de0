import { beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { ChainInput } from '../../contract/hook-call.ts';

/** Denies calls of the tools that its configuration names. */
const policy = `
  let denied = [];
  const decide = (context, request) => {
    if (request.tag !== 'tool-call') return { tag: 'allow' };
    if (request.val.name === 'odd') return { tag: 'proceed' };
    if (!denied.includes(request.val.name)) return { tag: 'allow' };
    const description = [context.binding, context.method, context.scopes.join('+'), request.val.name].join(' ');
    return { tag: 'deny', val: { code: 'TOOL_DENIED', reason: 'No.', description } };
  };
  export const lifecycle = { configure(config) { denied = JSON.parse(config).denied; } };
  export const policyCheck = {
    decide,
    decideMany(context, requests) {
      if (requests.some(({ val }) => val.name === 'few')) return [];
      return requests.map(request => decide(context, request));
    },
  };
`;

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await jsGuest(guestDescriptor('policy', { kind: 'policy', hooks: [] }), policy);
});

const scopes = ['mail:read', 'mail:send'];
const asked = (name: string) => ({ tag: 'tool-call' as const, val: { name, arguments: '{}' } });
const common = {
  calls: [{ plugin: 'policy', stopOnBlock: true, stopOnFailure: true }],
  context: { requestId: 'r', binding: 'support', upstream: 'mail', method: 'tools/call', scopes },
};
const input = (name: string): ChainInput => ({ ...common, stage: 'decide', value: asked(name) });
const many = (...names: string[]): ChainInput => ({ ...common, stage: 'decideMany', value: names.map(asked) });

it.each([
  ['shared lanes', 'pooled'],
  ['a process of its own', 'process'],
  ["the gateway's thread", 'inline'],
] as const)('[SBX-96] [SBX-124] %s: run the decisions of a policy, and know no kind', async (_, isolation) => {
  await using runner = await openGuests([
    { bytes, isolation, config: { denied: ['delete'] }, limits: { fuel: 50_000_000 } },
  ]);
  const outcomeOf = async (name: string) => (await runner.run(input(name))).reports[0];
  expect(await outcomeOf('read')).toMatchObject({ plugin: 'policy', outcome: 'proceed' });
  expect(await outcomeOf('delete')).toMatchObject({
    ...{ plugin: 'policy', outcome: 'block' },
    violation: { code: 'TOOL_DENIED', reason: 'No.', description: 'support tools/call mail:read+mail:send delete' },
  });
  expect(await outcomeOf('odd')).toMatchObject({ outcome: 'failed', cause: 'trap' });

  const { reports, decisions } = await runner.run(many('read', 'delete', 'send'));
  expect(reports).toMatchObject([{ plugin: 'policy', outcome: 'proceed' }]);
  expect(decisions?.map(({ tag }) => tag)).toEqual(['allow', 'deny', 'allow']);
  const few = await runner.run(many('few', 'read'));
  expect(few.reports).toMatchObject([{ outcome: 'failed', cause: 'invalid_output' }]);
  expect(few.decisions).toBeUndefined();
  expect((await runner.run(many('odd'))).reports).toMatchObject([{ outcome: 'failed', cause: 'trap' }]);
});

it('[SBX-96] a plugin without the function that is called fails, and the lane stays', async () => {
  await using runner = await openGuests([{ bytes, config: { denied: [] } }]);
  const before = await runner.run({ ...input('read'), stage: 'before' } as ChainInput);
  expect(before.reports[0]).toMatchObject({ outcome: 'failed', cause: 'invalid_output' });
  expect((await runner.run(input('read'))).reports[0]).toMatchObject({ outcome: 'proceed' });
});
