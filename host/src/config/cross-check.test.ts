import { expect, it } from 'vitest';
import { crossCheck } from './cross-check.ts';

const granting = (grant: object) => ({
  plugins: [{ id: 'p', grants: { secret_store: grant } }],
  secrets: [{ name: 'token', env: 'TOKEN' }],
});

it.each([
  {
    what: 'a value',
    grant: { names: ['token', 'tokem'] },
    path: ['plugins', 0, 'grants', 'secret_store', 'names', 1],
    hint: 'did you mean token?',
  },
  {
    what: 'a reference',
    grant: { references: [{ name: 'other' }] },
    path: ['plugins', 0, 'grants', 'secret_store', 'references', 0, 'name'],
    hint: 'secrets that there are: token',
  },
])('[CAP-54] refuses a grant of $what that names no secret', ({ grant, path, hint }) => {
  expect(crossCheck(granting(grant))).toEqual([{ path, message: expect.stringContaining('there is no secret'), hint }]);
});

it('[CAP-54] refuses a secret that is there twice, and takes grants of those that are there', () => {
  const value = granting({ names: ['token'], references: [{ name: 'token' }] });
  expect(crossCheck(value)).toEqual([]);
  expect(crossCheck({ ...value, secrets: [...value.secrets, ...value.secrets] })).toMatchObject([
    { path: ['secrets', 1], message: 'token is here twice' },
  ]);
});
