import { expect, it } from 'vitest';
import { createChallenge } from './challenge.ts';

it('asks for credentials, and says why others are not accepted [GW-116]', () => {
  const challenge = createChallenge();
  expect(challenge('unauthenticated', 'main')).toBe('Bearer');
  expect(challenge('credentials_refused', 'main')).toBe('Bearer error="invalid_token"');
  expect(challenge('overloaded', 'main')).toBeUndefined();
});
