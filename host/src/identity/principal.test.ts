import { expect, test } from 'vitest';
import { anonymous, createPrincipal, isSamePrincipal, principalKey } from './principal.ts';

const ada = { scheme: 'acme', tenant: 'one', subject: 'ada' };

test('a principal holds what it was made from, with its scopes sorted', () => {
  const principal = createPrincipal({ ...ada, scopes: ['write', 'read', 'write'], claims: { groups: ['staff'] } });
  expect(principal).toEqual({ ...ada, scopes: ['read', 'write'], claims: { groups: ['staff'] } });
});

test('a principal is frozen as a whole, and what it was made from is not', () => {
  const claims = { groups: ['staff'] };
  const principal = createPrincipal({ ...ada, claims });
  claims.groups.push('admin');
  expect(principal.claims).toEqual({ groups: ['staff'] });
  for (const part of [principal, principal.scopes, principal.claims, principal.claims.groups, anonymous]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

test('the key names scheme, tenant and subject, and no two callers share one', () => {
  const callers = [
    ada,
    { ...ada, scheme: 'other' },
    { ...ada, tenant: 'two' },
    { ...ada, subject: 'bob' },
    { scheme: 'acme', subject: 'ada' },
    { scheme: 'acme', tenant: '', subject: 'ada' },
    { scheme: 'acme', subject: 'one","ada' },
    { scheme: 'acme', subject: '' },
    { scheme: 'anonymous', subject: '' },
  ].map(createPrincipal);
  const keys = [anonymous, ...callers].map(principalKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys[0]).toBe('');
});

test('a caller stays the same with a token that brings other scopes and claims', () => {
  const before = createPrincipal({ ...ada, scopes: ['read'], claims: { exp: 1 } });
  const after = createPrincipal({ ...ada, scopes: ['read', 'write'], claims: { exp: 2 } });
  expect(isSamePrincipal(before, after)).toBe(true);
  expect(isSamePrincipal(before, anonymous)).toBe(false);
  expect(isSamePrincipal(anonymous, anonymous)).toBe(true);
});
