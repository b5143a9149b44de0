import { expect, it } from 'vitest';
import { createAccessAudit, type RefusedAccess } from './access-audit.ts';
import { createCallAudit } from './call-audit.ts';
import type { RequestLine } from './request-log.ts';

const violation = { code: 'NOT_AT_NIGHT', reason: 'Not at night.', description: '' };
const allows = { plugin: 'hours', hook: 'policy_decide', outcome: 'proceed', wallMs: 1 } as const;
const denies = { plugin: 'hours', hook: 'policy_decide', outcome: 'block', violation, wallMs: 1 } as const;
const blocked = { plugin: 'hours', ...violation };

const line = (more: Partial<RequestLine> = {}): RequestLine => ({
  ...{ request: 'r-1', method: 'tools/call', binding: 'main', subject: 'ada', tenant: 'one', name: 'send' },
  ...{ upstream: 'mail', status: 200, ms: 1.234, access: { kind: 'allow', rule: 2 } },
  ...more,
});
const audited = (of: RequestLine, failed?: Parameters<ReturnType<typeof createCallAudit>>[1]) => {
  const events: { readonly [member: string]: unknown }[] = [];
  createCallAudit(members => events.push(JSON.parse(`{${members}}`)))(of, failed);
  return events;
};

it.each<[string, Partial<RequestLine>, 'plugin_blocked' | undefined, object]>([
  [
    'rule, and what each plugin did beside letting it pass',
    {
      plugins: [
        { plugin: 'looks', hook: 'tool_pre_invoke', outcome: 'proceed', wallMs: 1 },
        allows,
        { plugin: 'masks', hook: 'tool_post_invoke', outcome: 'modified', wallMs: 1 },
        { plugin: 'broken', hook: 'tool_post_invoke', outcome: 'failed', cause: 'trap', message: 'content', wallMs: 1 },
        { plugin: 'tried', hook: 'tool_post_invoke', mode: 'permissive', outcome: 'block', violation, wallMs: 1 },
      ],
    },
    undefined,
    {
      ...{ outcome: 'result', decision: 'allow', rule: 2, ms: 1.23 },
      policies: [{ plugin: 'hours', hook: 'policy_decide', outcome: 'proceed' }],
      plugins: [
        { plugin: 'masks', hook: 'tool_post_invoke', outcome: 'modified' },
        { plugin: 'broken', hook: 'tool_post_invoke', outcome: 'trap' },
        { plugin: 'tried', hook: 'tool_post_invoke', outcome: 'would_block', code: 'NOT_AT_NIGHT' },
      ],
    },
  ],
  [
    'the reason of a policy that denies',
    { plugins: [denies], blocked },
    'plugin_blocked',
    {
      outcome: 'plugin_blocked',
      policies: [
        { plugin: 'hours', hook: 'policy_decide', outcome: 'block', code: 'NOT_AT_NIGHT', reason: 'Not at night.' },
      ],
    },
  ],
])('[AUD-20] an event of a call has caller, target, outcome and %s', (_, more, failed, details) => {
  expect(audited(line(more), failed)).toEqual([
    {
      ...{ event: 'call', request: 'r-1', tenant: 'one', subject: 'ada' },
      details: expect.objectContaining({
        binding: 'main',
        method: 'tools/call',
        name: 'send',
        upstream: 'mail',
        ...details,
      }),
    },
  ]);
});

it('[AUD-20] an event of a call is JSON whatever names and reasons contain', () => {
  const strange = 'a "quote", a \\ and a \u2028 line\nbreak }],{';
  const violation = { code: strange, reason: strange, description: '' };
  const plugins = [{ ...denies, violation }];
  expect(audited(line({ name: strange, subject: strange, tenant: undefined, upstream: undefined, plugins }))).toEqual([
    {
      ...{ event: 'call', request: 'r-1', subject: strange },
      details: {
        ...{ binding: 'main', method: 'tools/call', name: strange, decision: 'allow', rule: 2 },
        policies: [expect.objectContaining({ code: expect.stringContaining('a "quote"') })],
        ...{ outcome: 'result', status: 200, ms: 1.23 },
      },
    },
  ]);
});

it('[AUD-36] an event of a list has the policies that hid entries, and how many', () => {
  const hides = { plugin: 'hours', hook: 'policy_decide_many', outcome: 'proceed', wallMs: 1 } as const;
  const list = line({ method: 'tools/list', name: undefined, plugins: [{ ...hides, denied: 3 }, hides] });
  const policy = { plugin: 'hours', hook: 'policy_decide_many', outcome: 'proceed' };
  expect(audited(list)).toMatchObject([
    { details: { method: 'tools/list', policies: [{ ...policy, denied: 3 }, policy] } },
  ]);
});

it('[AUD-20] a tool call of a plugin is an event of its own', () => {
  const calls = [{ request: 'r-1.1', by: 'helper', name: 'find', upstream: 'crm', outcome: 'result', ms: 2 }];
  expect(audited(line({ calls }))).toMatchObject([
    { request: 'r-1' },
    { request: 'r-1.1', subject: 'ada', details: { by: 'helper', name: 'find', upstream: 'crm', outcome: 'result' } },
  ]);
});

it.each([
  ['initialize', 'main'],
  ['GET', 'main'],
  [undefined, 'main'],
  ['tools/call', undefined],
])('[AUD-20] %s at %s reaches no upstream, and is no event', (method, binding) => {
  expect(audited(line({ method, binding }))).toEqual([]);
});

it('[AUD-26] what a policy denies is recorded with its reason, and a block of another plugin is not', () => {
  const events: RefusedAccess[] = [];
  const audit = createAccessAudit(event => events.push(event));
  audit(line({ plugins: [denies], blocked }));
  audit(line({ plugins: [{ ...denies, hook: 'tool_pre_invoke' }], blocked }));
  audit(line({ plugins: [allows] }));
  const nested = { request: 'r-1.1', by: 'helper', name: 'find', plugins: [denies], blocked };
  audit(line({ calls: [nested], subject: 'bob' }));
  for (let time = 0; time < 100; time += 1) audit(line({ plugins: [denies], blocked, subject: 'eve' }));
  const details = { plugin: 'hours', code: 'NOT_AT_NIGHT', reason: 'Not at night.', method: 'tools/call' };
  expect(events.slice(0, 2)).toMatchObject([
    { event: 'policy.denied', request: 'r-1', subject: 'ada', details: { ...details, name: 'send' } },
    { event: 'policy.denied', request: 'r-1.1', subject: 'bob', details: { ...details, name: 'find', by: 'helper' } },
  ]);
  expect(events.filter(({ subject }) => subject === 'eve').length).toBeLessThan(10);
});
