import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { allow } from './allow.ts';
import { bindingsSection } from './bindings.ts';

const identity = { schemes: [{ id: 'sso' }, { id: 'keys' }] };
const upstreams = [{ id: 'mail' }, { id: 'files' }];
const file = (rule: JsonObject | undefined, more: JsonObject = {}): JsonObject => ({
  upstreams,
  bindings: [{ id: 'main', upstreams: ['mail'], ...(rule && { allow: [rule] }) }],
  ...more,
});
const problemsOf = (value: JsonObject) =>
  (bindingsSection.problems?.(value) ?? []).map(({ path, message, hint }) => [path.join('.'), message, hint]);

describe('[CFG-95] a rule of `allow`', () => {
  it.each<[what: string, rule: JsonObject, more: JsonObject, path: string, says: RegExp, hint: RegExp]>([
    [
      'names an upstream of no one',
      { upstreams: ['mial'] },
      { identity },
      'upstreams.0',
      /no upstream of the binding matches mial/,
      /mean mail/,
    ],
    [
      'names an upstream of another binding',
      { upstreams: ['files'] },
      { identity },
      'upstreams.0',
      /can never match/,
      /known: mail/,
    ],
    [
      'names a scheme that is not configured',
      { schemes: ['ss'] },
      { identity },
      'schemes.0',
      /no identity scheme matches ss/,
      /mean sso/,
    ],
    [
      'names subjects without identity',
      { subjects: ['ada'] },
      {},
      'subjects',
      /all callers are anonymous/,
      /`identity`/,
    ],
    ['requires scopes without identity', { scopes: ['x'] }, { identity: 'none' }, 'scopes', /anonymous/, /remove/],
    ['requires claims without identity', { claims: { a: ['x'] } }, {}, 'claims', /anonymous/, /remove/],
    ['names tenants without identity', { tenants: ['x'] }, {}, 'tenants', /anonymous/, /remove/],
  ])('that %s is a problem', (_, rule, more, path, says, hint) => {
    expect(problemsOf(file(rule, more))).toEqual([
      [`bindings.0.allow.0.${path}`, expect.stringMatching(says), expect.stringMatching(hint)],
    ]);
  });

  it.each<[rule: JsonObject, more: JsonObject]>([
    [{}, {}],
    [{ tools: ['send'], upstreams: ['m*'] }, {}],
    [{ subjects: ['ada'], schemes: ['key*', 'anonymous'], scopes: ['x'] }, { identity }],
  ])('%j has no problem', (rule, more) => {
    expect(problemsOf(file(rule, more))).toEqual([]);
  });

  it.each([
    [[]],
    [[{ tools: [] }]],
    [[{ scopes: ['a b'] }]],
    [[{ scopes: ['a"'] }]],
    [[{ claims: { group: [] } }]],
    [[{ claims: { group: 'x' } }]],
    [[{ users: ['ada'] }]],
  ])('%j does not have its form', rules => {
    expect(z.safeParse(allow, rules).success).toBe(false);
  });

  it('has values of claims as text', () => {
    expect(allow.parse([{ claims: { level: [3], verified: [true] } }])).toEqual([
      { claims: { level: ['3'], verified: ['true'] } },
    ]);
  });

  it('is missing: a warning where callers are identified, with what to write', () => {
    const warningsOf = (value: JsonObject) => bindingsSection.warnings?.(value) ?? [];
    expect(warningsOf(file(undefined, { identity }))).toEqual([
      { path: ['bindings', 0], message: expect.stringMatching(/main.*`allow: \[\{\}\]`/) },
    ]);
    expect([...warningsOf(file(undefined)), ...warningsOf(file({}, { identity }))]).toEqual([]);
  });
});
