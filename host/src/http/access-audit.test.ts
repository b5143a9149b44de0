import { expect, it } from 'vitest';
import type { Decision } from '../gateway/access.ts';
import { createAccessAudit, type RefusedAccess } from './access-audit.ts';
import type { RequestLine } from './request-log.ts';

const line = (access: Decision | undefined, more: Partial<RequestLine> = {}): RequestLine => ({
  ...{ request: 'r-1', method: 'tools/call', binding: 'main', subject: 'ada', tenant: 'one', name: 'send' },
  ...{ status: 403, ms: 1, access },
  ...more,
});

it('[GW-155] a refused request, and a refused tool call of a plugin, are written with decision, rule and caller', () => {
  const events: RefusedAccess[] = [];
  const audit = createAccessAudit(event => events.push(event));
  audit(line(undefined));
  audit(line({ kind: 'insufficient_scope', rule: 1, scope: 'x' }));
  const nested = { request: 'r-1.1', by: 'helper', name: 'delete', access: { kind: 'access_denied' } as const };
  audit(line({ kind: 'allow', rule: 0 }, { calls: [nested] }));
  const common = { event: 'access.refused', tenant: 'one', subject: 'ada' };
  const details = { binding: 'main', method: 'tools/call' };
  expect(events).toEqual([
    { ...common, request: 'r-1', details: { ...details, decision: 'insufficient_scope', rule: 1, name: 'send' } },
    { ...common, request: 'r-1.1', details: { ...details, decision: 'access_denied', name: 'delete', by: 'helper' } },
  ]);
});

it('[GW-155] of many refusals of one caller, a few are written, and those of another caller still are', () => {
  const events: RefusedAccess[] = [];
  const audit = createAccessAudit(event => events.push(event));
  for (let time = 0; time < 100; time += 1) audit(line({ kind: 'access_denied' }));
  audit(line({ kind: 'access_denied' }, { subject: 'bob' }));
  expect(events.filter(({ subject }) => subject === 'ada').length).toBeLessThan(10);
  expect(events.filter(({ subject }) => subject === 'bob')).toHaveLength(1);
});
