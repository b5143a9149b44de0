import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operations } from '../../host/src/admin/operations.ts';
import { openAdminGateway } from '../fixtures/admin-gateway.ts';
import { keep } from '../fixtures/keep.ts';

const upstream = (id: string) => ({ id, required: false, http: { url: 'https://crm.example/mcp' } });

it('[ADM-102] a reader is refused every change, before what was sent is looked at', async () => {
  const gateway = keep(await openAdminGateway());
  const token = await gateway.key('admin:read');
  // The file of keys is read again after a moment.
  await expect.poll(async () => (await gateway.call('GET', '/admin/status', { token })).status).toBe(200);
  for (const { id, method, path, scope, body: takes } of operations) {
    if (scope === 'admin:read') continue;
    const target = path.replace(/\{\w+\}/g, 'upstream');
    const { status, body } = await gateway.call(method, target, { token, ...(takes && { body: '{' }) });
    expect([id, status, body.error.code]).toEqual([id, 403, 'insufficient_scope']);
  }
  expect(gateway.host.generation).toBe(1);
});

it('[CHG-09] what was accepted of many changes at once is in the file and in use, and nothing else', async () => {
  const gateway = keep(await openAdminGateway());
  const ids = Array.from({ length: 80 }, (_, index) => `n${index % 40}`);
  const answers = await Promise.all(
    ids.map(async (id, index) => {
      if (index % 10 === 9) await gateway.host.reload(config => config);
      const { status } = await gateway.call('POST', '/admin/upstreams', { body: upstream(id) });
      if (status !== 200 || index % 3 > 0) return { id, status, isKept: status === 200 };
      const removed = await gateway.call('DELETE', `/admin/upstreams/${id}`);
      return { id, status: removed.status, isKept: removed.status !== 200 };
    }),
  );
  // Beyond the requests that run at once, and of two with an id, changes are refused.
  expect(answers.map(({ status }) => status).filter(status => ![200, 409, 503].includes(status))).toEqual([]);
  const stored = JSON.parse(await readFile(join(gateway.folder, 'registered.json'), 'utf8'));
  const inFile = stored.upstreams.map(({ id }: { id: string }) => id).toSorted();
  const inUse = gateway.host.config.upstreams.map(({ id }) => id).filter(id => id !== 'upstream');
  expect(inUse.toSorted()).toEqual(inFile);
  const kept = answers.filter(({ isKept }) => isKept).map(({ id }) => id);
  expect([...new Set(kept)].toSorted()).toEqual(inFile);
});

it.each(['a/b', '..', 'A', 'a\u0000', 'a\nb', 'ä', '__proto__', 'x'.repeat(64), ''])(
  '[ADM-105] the id %j is not registered',
  async id => {
    const gateway = keep(await openAdminGateway());
    for (const body of [upstream(id), { id, upstreams: ['upstream'] }]) {
      const path = 'http' in body ? '/admin/upstreams' : '/admin/bindings';
      const { status } = await gateway.call('POST', path, { body });
      expect(status).toBe(422);
    }
    expect(gateway.host.generation).toBe(1);
  },
);
