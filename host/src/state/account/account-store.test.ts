import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMemoryKv } from '../memory/kv.ts';
import { type AccountGrant, AccountStore } from './account-store.ts';
import { KeyRing } from './key-ring.ts';

const grant: AccountGrant = {
  ...{ accessToken: 'an access token', refreshToken: 'a refresh token', scopes: ['read'] },
  ...{ server: 'the server', connectedAt: 1 },
};
const ada = { upstream: 'tickets', principal: '["staff",null,"ada"]' };
const bob = { ...ada, principal: '["staff",null,"bob"]' };
const open = () => new AccountStore(createMemoryKv(), new KeyRing([randomBytes(32)]));

it('[UP-52] keeps an account for its user and upstream', async () => {
  const store = open();
  await store.save(ada, grant);
  expect((await store.find(ada))?.grant).toEqual(grant);
  expect(await store.find(bob)).toBeUndefined();
  expect(await store.find({ ...ada, upstream: 'other' })).toBeUndefined();
});

it('[UP-54] changes or forgets an account only if nobody else has changed it', async () => {
  const store = open();
  const first = await store.save(ada, grant);
  const second = await store.replace(ada, first, { ...grant, accessToken: 'second' });
  expect(second?.grant.accessToken).toBe('second');
  expect(await store.replace(ada, first, { ...grant, accessToken: 'third' })).toBeUndefined();
  await store.forget(ada, first);
  expect((await store.find(ada))?.grant.accessToken).toBe('second');
  await store.forget(ada, second ?? first);
  expect(await store.find(ada)).toBeUndefined();
  // One that was forgotten meanwhile does not come back.
  expect(await store.replace(ada, second ?? first, grant)).toBeUndefined();
});

it('[UP-52] lists all accounts, also those of another key, which are worthless when moved to another user', async () => {
  const values = createMemoryKv();
  const store = new AccountStore(values, new KeyRing([randomBytes(32)]));
  await store.save(ada, grant);
  await new AccountStore(values, new KeyRing([randomBytes(32)])).save(bob, grant);
  expect(await store.list()).toEqual([
    { ...ada, grant },
    { ...bob, grant: undefined },
  ]);
  const space = { plugin: 'accounts', tenant: undefined };
  const sealed = await values.get(space, JSON.stringify(['tickets', ada.principal]));
  const quota = { keys: 10, bytes: 10_000 };
  await values.set(space, JSON.stringify(['tickets', bob.principal]), sealed ?? new Uint8Array(), { quota });
  expect(await store.find(bob)).toBeUndefined();
});
