import { describe, expect, it } from 'vitest';
import type { Principal as Stated } from '../../contract/generated/types.js';
import { InvalidOutput } from '../../hook/invalid-output.ts';
import { type StatementRules, statedPrincipal } from './stated-principal.ts';

const stated: Stated = { subject: 'ada', scopes: ['mail:read', 'admin'], claims: '{"team":["a"],"age":9,"x":1}' };
const rules: StatementRules = {
  ...{ scheme: 'legacy', subjects: 'prefixed', tenants: [], scopes: [], claims: [] },
  schemes: ['keys', 'legacy'],
};

describe('the principal that a plugin states', () => {
  it('[GW-205] has a subject that no other scheme has, and nothing that the operator did not allow', () => {
    expect(statedPrincipal(stated, rules)).toEqual({ scheme: 'legacy', subject: 'legacy:ada', scopes: [], claims: {} });
  });

  it('[GW-205] has the tenant, the scopes and the claims that the operator allows', () => {
    const allowed = { ...rules, tenants: ['acme-*'], scopes: ['mail:*'], claims: ['team', 'missing'] };
    expect(statedPrincipal({ ...stated, tenant: 'acme-1' }, allowed)).toEqual({
      ...{ scheme: 'legacy', subject: 'legacy:ada', tenant: 'acme-1', scopes: ['mail:read'], claims: { team: ['a'] } },
    });
  });

  const asStated: StatementRules = { ...rules, subjects: 'as_stated' };

  it('[GW-205] has the subject as stated where the operator says so', () => {
    expect(statedPrincipal(stated, asStated).subject).toBe('ada');
    expect(statedPrincipal({ ...stated, subject: 'legacy:ada' }, asStated).subject).toBe('legacy:ada');
  });

  const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const nonsense: [what: string, said: Partial<Stated>, rules?: StatementRules][] = [
    ['an empty subject', { subject: '' }],
    ['a blank subject', { subject: '  ' }],
    ['a subject with a space at its end', { subject: 'ada ' }],
    ['an overlong subject', { subject: 'a'.repeat(257) }],
    ['a subject with a line break', { subject: 'ada\nbob' }],
    ['a subject that reads like another', { subject: 'ada\u202e' }],
    ['a subject with half a character', { subject: 'ada\ud800' }],
    ['a subject of another scheme', { subject: 'keys:ada' }, asStated],
    ['a tenant that is not allowed', { tenant: 'other' }, { ...rules, tenants: ['acme'] }],
    ['an empty tenant', { tenant: '' }, { ...rules, tenants: ['*'] }],
    ['a scope with a space', { scopes: ['a b'] }],
    ['a scope with a quote', { scopes: ['a"'] }],
    ['too many scopes', { scopes: Array.from({ length: 201 }, (_, at) => `s${at}`) }],
    ['claims that are no JSON', { claims: '{' }],
    ['claims that are no object', { claims: '[]' }],
    ['oversized claims', { claims: `{"a":"${'a'.repeat(16 * 1024)}"}` }],
    ['claims that are nested deeply', { claims: nested(20) }],
    ['claims that are nested absurdly', { claims: nested(8_000) }],
    ['claims with names that differ only in case', { claims: '{"team":1,"Team":2}' }],
  ];
  it.each(nonsense)('[GW-203] is refused with %s', (_, said, under = rules) => {
    expect(() => statedPrincipal({ ...stated, ...said }, under)).toThrow(InvalidOutput);
  });

  it('[GW-203] treats names such as __proto__ as data', () => {
    const claims = '{"__proto__":{"admin":true},"constructor":1}';
    const kept = statedPrincipal({ ...stated, claims }, { ...rules, claims: ['__proto__', 'constructor', 'admin'] });
    expect(Object.hasOwn(kept.claims, 'admin')).toBe(false);
    expect((kept.claims as Record<string, unknown>).admin).toBeUndefined();
    expect(Object.hasOwn(kept.claims, 'constructor')).toBe(true);
  });
});
