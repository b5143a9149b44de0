import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { createIntrospect } from './introspect.ts';
import type { ProviderForm } from './provider-request.ts';

const issuer = 'https://as.example';
const now = () => Math.floor(Date.now() / 1000);
const active = () => ({ active: true, iss: issuer, sub: 'ada', aud: 'x', exp: now() + 60, token_type: 'Bearer' });

function open(answer: JsonObject | undefined, readSecret: () => string | undefined = () => 's:1 %') {
  const forms: (ProviderForm | undefined)[] = [];
  const introspect = createIntrospect({
    ...{ url: `${issuer}/introspect`, clientId: 'gate way', clientSecret: readSecret, issuer, clockSkewS: 5 },
    async request(_, form) {
      forms.push(form);
      return answer;
    },
  });
  return { introspect, forms };
}

describe('an opaque token [GW-136]', () => {
  it('is introspected with the client of the gateway', async () => {
    const { introspect, forms } = open(active());
    expect(await introspect('token')).toMatchObject({ sub: 'ada' });
    const authorization = `Basic ${Buffer.from('gate+way:s%3A1+%25').toString('base64')}`;
    expect(forms).toEqual([{ fields: { token: 'token', token_type_hint: 'access_token' }, authorization }]);
  });

  it.each([
    ['no issuer and no times', { active: true, sub: 'ada' }],
    ['a type in lower case', { ...active(), token_type: 'bearer' }],
    ['an expiry within the skew', { ...active(), exp: now() - 2 }],
  ])('is accepted with %s', async (_, answer) => {
    expect(await open(answer).introspect('token')).toBe(answer);
  });

  it.each([
    ['inactive', { active: false }, 'inactive'],
    ['active as a text', { ...active(), active: 'true' }, 'inactive'],
    ['nothing', {}, 'inactive'],
    ['another issuer', { ...active(), iss: 'https://evil.example' }, 'wrong_issuer'],
    ['expired', { ...active(), exp: now() - 60 }, 'expired'],
    ['not yet valid', { ...active(), nbf: now() + 60 }, 'not_yet_valid'],
    ['an expiry that is a text', { ...active(), exp: '1' }, 'malformed'],
    ['a token that needs a proof', { ...active(), token_type: 'DPoP' }, 'wrong_type'],
    ['a refresh token', { ...active(), token_type: 'refresh_token' }, 'wrong_type'],
    ['a key of the client', { ...active(), cnf: { jkt: 'x' } }, 'sender_constrained'],
  ])('is refused when the server says: %s', async (_, answer, reason) => {
    await expect(open(answer).introspect('token')).rejects.toMatchObject({ reason });
  });

  const waiting: readonly [what: string, answer: JsonObject | undefined, readSecret: () => string | undefined][] = [
    ['the server refuses the client', undefined, () => 's'],
    ['the secret cannot be read', active(), () => undefined],
  ];
  it.each(waiting)('waits when %s', async (_, answer, readSecret) => {
    await expect(open(answer, readSecret).introspect('token')).rejects.toMatchObject({
      code: 'identity_unavailable',
    });
  });
});
