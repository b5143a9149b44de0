import { expect, it } from 'vitest';
import { unsignedJwt } from '../../../../test/fixtures/token-server.ts';
import { checkSameSubject } from './same-subject.ts';

const ada = { iss: 'https://idp', sub: 'ada', email: 'ada@example.com' };
const bob = { iss: 'https://idp', sub: 'bob', email: 'bob@example.com' };

interface Case {
  readonly what: string;
  readonly from: object | string;
  readonly issued: object | string;
  readonly claim?: string;
}

const written = (token: object | string) => (typeof token === 'string' ? token : unsignedJwt(token));

it.each<Case>([
  { what: 'the same user', from: ada, issued: { ...ada, aud: 'other' } },
  { what: 'a token that is not a JWT', from: ada, issued: 'opaque' },
  { what: 'a subject of another issuer', from: ada, issued: { ...bob, iss: 'https://other' } },
  { what: 'a user whom the caller acts for', from: ada, issued: { ...bob, act: { sub: 'ada' } } },
  { what: 'a user who may act for the caller', from: { ...ada, may_act: { sub: 'bob' } }, issued: bob },
  { what: 'the same claim of another issuer', from: ada, issued: { ...ada, iss: 'x', sub: '1' }, claim: 'email' },
])('[UP-44] accepts $what', ({ from, issued, claim }) => {
  expect(() => checkSameSubject('up', written(from), written(issued), claim)).not.toThrow();
});

it.each<Case>([
  { what: 'another user', from: ada, issued: bob },
  { what: 'another user without an issuer', from: ada, issued: { sub: 'bob' } },
  { what: 'another user for whom someone else acts', from: ada, issued: { ...bob, act: { sub: 'eve' } } },
  { what: 'another claim', from: ada, issued: { ...bob, iss: 'x' }, claim: 'email' },
  { what: 'a missing claim', from: { sub: 'ada' }, issued: { sub: 'ada' }, claim: 'email' },
  { what: 'a token without claims, where one is to be compared', from: ada, issued: 'opaque', claim: 'email' },
])('[UP-44] refuses $what', ({ from, issued, claim }) => {
  expect(() => checkSameSubject('up', written(from), written(issued), claim)).toThrow('upstream_auth_subject');
});
