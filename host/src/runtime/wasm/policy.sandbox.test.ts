import { beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { ChainInput } from '../../contract/hook-call.ts';

/** Denies calls of the tools that its configuration names. */
const policy = `
  let denied = [];
  export const lifecycle = { configure(config) { denied = JSON.parse(config).denied; } };
  export const policyCheck = {
    decide(context, request) {
      if (request.tag !== 'tool-call') return { tag: 'allow' };
      if (request.val.name === 'odd') return { tag: 'proceed' };
      if (!denied.includes(request.val.name)) return { tag: 'allow' };
      const violation = { code: 'TOOL_DENIED', reason: 'No.', description: context.binding + ' ' + request.val.name };
      return { tag: 'deny', val: violation };
    },
  };
`;

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await jsGuest(guestDescriptor('policy', { kind: 'policy', hooks: [] }), policy);
});

const input = (name: string): ChainInput => ({
  stage: 'decide',
  value: { tag: 'tool-call', val: { name, arguments: '{}' } },
  calls: [{ plugin: 'policy', stopOnBlock: true, stopOnFailure: true }],
  context: { requestId: 'r', binding: 'support', upstream: 'mail' },
});

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
    violation: { code: 'TOOL_DENIED', reason: 'No.', description: 'support delete' },
  });
  expect(await outcomeOf('odd')).toMatchObject({ outcome: 'failed', cause: 'trap' });
});

it('[SBX-96] a plugin without the function that is called fails, and the lane stays', async () => {
  await using runner = await openGuests([{ bytes, config: { denied: [] } }]);
  const before = await runner.run({ ...input('read'), stage: 'before' } as ChainInput);
  expect(before.reports[0]).toMatchObject({ outcome: 'failed', cause: 'invalid_output' });
  expect((await runner.run(input('read'))).reports[0]).toMatchObject({ outcome: 'proceed' });
});
