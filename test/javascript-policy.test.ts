import { describe, expect, it } from 'vitest';
import { allow, deny, policy } from '../sdk/js/index.ts';

const context = {
  ...{ requestId: 'r', binding: 'main', upstream: 'up', method: 'tools/call', scopes: [], deadlineMs: 10 },
};
const call = (name: string, args = '{}') => ({ tag: 'tool-call' as const, val: { name, arguments: args } });

describe('[AUT-120] a policy in JavaScript', () => {
  const { lifecycle, policyCheck } = policy({
    defaults: { most: 10 },
    decide(request, { binding }, { most }) {
      const { amount = 0 } = request.tag === 'tool-call' ? JSON.parse(request.val.arguments) : {};
      return amount > most ? deny('TOO_MUCH', 'No.', { description: binding, details: { most } }) : allow;
    },
  });

  it('decides with the configuration of the operator', () => {
    expect(policyCheck.decide(context, call('pay', '{"amount":11}'))).toEqual({
      tag: 'deny',
      val: { code: 'TOO_MUCH', reason: 'No.', description: 'main', details: '{"most":10}' },
    });
    lifecycle.configure('{"most":20}');
    expect(policyCheck.decide(context, call('pay', '{"amount":11}'))).toEqual({ tag: 'allow' });
    expect(() => lifecycle.configure('{"most":"20"}')).toThrow('most must be a number');
  });

  it('decides about each entry of a list, by `decide` or by `show`', () => {
    const tags = (exported: typeof policyCheck) =>
      exported.decideMany(context, [call('pay'), call('refund')]).map(({ tag }) => tag);
    expect(tags(policyCheck)).toEqual(['allow', 'allow']);
    const hiding = policy({
      decide: () => allow,
      show: ({ val }) => ('name' in val && val.name === 'refund' ? deny('HIDDEN', 'No.') : allow),
    });
    expect(tags(hiding.policyCheck)).toEqual(['allow', 'deny']);
  });
});
