import { expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { parseCases } from './case-file.ts';
import { testPlugin } from './test-plugin.ts';

/** Allows only reads, and denies with what it was asked. */
const script = `
const decide = ({ subject, method, scopes }, { tag, val: { name, arguments: text } }) =>
  tag === 'resource-read' ? { tag: 'allow' } : {
    tag: 'deny',
    val: { code: 'DENIED', reason: [subject, method, scopes.join('+'), name, text].join(' '), description: '' },
  };
export const lifecycle = { configure() {} };
export const policyCheck = { decide, decideMany: (context, requests) => requests.map(each => decide(context, each)) };`;

const request = { tag: 'tool-call', val: { name: 'echo', arguments: { a: 1 } } };
const read = { tag: 'resource-read', val: { uri: 'file:///a' } };
const denied = (reason: string) => ({ outcome: 'block', violation: { code: 'DENIED', reason } });

it('[AUT-121] cases run the decisions of a policy, about requests and about entries of lists', async () => {
  const cases = [
    { hook: 'policy_decide', request: read, expect: { outcome: 'proceed' } },
    { hook: 'policy_decide_many', request: read, expect: { outcome: 'proceed' } },
    { hook: 'policy_decide', request, expect: denied(' tools/call  echo {"a":1}') },
    {
      hook: 'policy_decide_many',
      context: { subject: 'ada', scopes: ['b', 'c'] },
      request,
      expect: denied('ada tools/list b+c echo {"a":1}'),
    },
    {
      hook: 'policy_decide',
      context: { method: 'completion/complete' },
      request,
      expect: denied(' completion/complete  echo {"a":1}'),
    },
    { hook: 'policy_decide', request: read, expect: denied('') },
  ];
  const bytes = await jsGuest(guestDescriptor('policy', { kind: 'policy', hooks: [] }), script);
  const parsed = parseCases(JSON.stringify({ cases: cases.map(each => ({ name: 'n', ...each })) }), 'cases/x.json');
  const { signal } = new AbortController();
  const { results, text } = await testPlugin(bytes, { reference: 'test', cases: parsed, signal });
  expect(results.map(({ differences }) => differences.map(({ path }) => path))).toEqual([
    ...[[], [], [], [], []],
    ['outcome'],
  ]);
  expect(text).toContain('hooks: policy_decide 4, policy_decide_many 2');
});

it('[AUT-121] a case of a policy takes a request', () => {
  const text = JSON.stringify({ cases: [{ name: 'n', hook: 'policy_decide', response: read, expect: denied('') }] });
  expect(() => parseCases(text, 'cases/x.json')).toThrow(/policy_decide takes a request/);
});
