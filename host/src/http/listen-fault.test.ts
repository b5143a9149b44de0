import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listenFault } from './listen-fault.ts';

async function faultAt(host: string, port: number) {
  const server = createServer();
  const failed = once(server, 'error');
  server.listen(port, host);
  return listenFault(`${host}:${port}`, (await failed)[0]);
}

it('[RUN-104] an address in use is told as such', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const fault = await faultAt('127.0.0.1', port);
  server.close();
  expect(fault).toMatchObject({ code: 'listen_failed', exit: 1, hint: expect.stringContaining('stop the process') });
  expect(fault.message).toContain('EADDRINUSE');
});

it('[RUN-104] an address of another machine is told as such', async () => {
  expect(await faultAt('192.0.2.1', 0)).toMatchObject({ hint: expect.stringContaining('does not have this address') });
});

it('[RUN-104] a port that the user may not use is told as such', () => {
  const cause = Object.assign(new Error('listen EACCES: permission denied 0.0.0.0:80'), { code: 'EACCES' });
  expect(listenFault('0.0.0.0:80', cause)).toMatchObject({ hint: expect.stringContaining('above 1023') });
});
