import { expect, it } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { startRawHttpServer } from '../../../../test/fixtures/raw-http-server.ts';

it('notices changes while the stream of messages is open [UP-17]', async () => {
  const began = Date.now();
  const server = keep(await startRawHttpServer());
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
  expect(upstream.listeningSince).toBeUndefined();
  await upstream.start();
  await expect.poll(() => upstream.listeningSince).toBeGreaterThanOrEqual(began);
  const first = upstream.listeningSince;
  server.endStreams();
  await expect.poll(() => upstream.listeningSince).toBeUndefined();
  // It is opened again, and changes in between were missed.
  await expect.poll(() => upstream.listeningSince).toBeGreaterThan(Number(first));
});

it('notices nothing where the server has no such stream [UP-17]', async () => {
  let gets = 0;
  const server = keep(
    await startRawHttpServer({
      refuse(request, response) {
        if (request.method !== 'GET') return false;
        gets += 1;
        response.writeHead(405).end();
        return true;
      },
    }),
  );
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
  await upstream.start();
  await expect.poll(() => gets).toBe(1);
  expect((await upstream.request('ping')).result).toEqual({});
  expect(upstream.listeningSince).toBeUndefined();
});
