import { expect, it } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { createLog } from '../../core/log.ts';
import { errorAnswer, resultAnswer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import { ConnectionAuth } from './connection-auth.ts';
import { Credential } from './credential.ts';

/** The credentials of a connection that has used these tokens, the last one now. */
async function connectionWith(...tokens: string[]) {
  let token = '';
  const auth = new ConnectionAuth({
    ...{ isPerCaller: true, place: 'authorization', written: ({ value }) => `Bearer ${value}`, use() {} },
    current: () => new Credential(token),
    renew: async () => undefined,
  });
  for (const each of tokens) {
    token = each;
    await auth.current();
  }
  return auth;
}

it('[UP-49] hides the credential of now and the one before in answers, in whatever form', async () => {
  const auth = await connectionWith('the-oldest-token', 'the-older-token', 'the-newest-token');
  const text = `${Buffer.from('Bearer the-newest-token').toString('base64')} the-older-token the-oldest-token`;
  const { result } = await auth.hidden({}, async () => resultAnswer({ text }));
  expect(String(result?.text)).toMatch(/^\w{0,10}\*\*\*=* \*\*\* the-oldest-token$/);
  const { error } = await auth.hidden({}, async () => errorAnswer({ code: 1, message: 'the-newest-token', data: {} }));
  expect(error).toEqual({ code: 1, message: '***', data: {} });
});

it('[UP-49] leaves an answer without it as it came', async () => {
  const auth = await connectionWith('the-token');
  const answer = resultAnswer({ text: 'nothing to hide' });
  expect(await auth.hidden({}, async () => answer)).toBe(answer);
});

it('[UP-49] hides it in notifications, faults and the log', async () => {
  const auth = await connectionWith('the-token');
  const notified: Notification[] = [];
  const onNotification = (notification: Notification) => void notified.push(notification);
  const said = { method: 'notifications/progress', params: { message: 'it is the-token' } };
  const lines: string[] = [];
  const context = auth.hiding({ log: createLog('info', { write: line => lines.push(line) }), onNotification });
  context.onNotification(said);
  context.log.info({ line: 'stderr with the-token' }, 'the-token');
  const refused = auth.hidden({ onNotification }, async ({ onNotification: notify }) => {
    notify?.(said);
    throw new Fault('upstream_refused', { hint: 'it answered: the-token' });
  });
  await expect(refused).rejects.toMatchObject({ code: 'upstream_refused', hint: 'it answered: ***' });
  expect(notified).toHaveLength(2);
  expect(JSON.stringify(notified) + lines.join()).not.toContain('the-token');
});

it('[UP-41] stops waiting for a token when the call is cancelled, and the others get it', async () => {
  const token = Promise.withResolvers<Credential>();
  const auth = new ConnectionAuth({
    ...{ isPerCaller: true, place: 'authorization', written: ({ value }) => value, use() {} },
    current: () => token.promise,
    renew: async () => undefined,
  });
  const cancelled = new AbortController();
  const waiting = [auth.current(undefined, cancelled.signal), auth.current()] as const;
  cancelled.abort(new Error('cancelled'));
  await expect(waiting[0]).rejects.toThrow('cancelled');
  token.resolve(new Credential('the-token'));
  expect((await waiting[1]).value).toBe('the-token');
});
