import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { silentLog } from '../core/log.ts';
import { createHost } from './create-host.ts';

it('[EMB-02] one of two upstreams that are registered at once with the same id is refused', async () => {
  const cache_dir = await temporaryFolder();
  await using host = await createHost({ cache_dir, bindings: [{ id: 'main' }] }, { log: silentLog() });
  const upstream = { id: 'api', http: { url: 'http://127.0.0.1:9/mcp' }, required: false };
  const both = await Promise.allSettled([host.registerUpstream(upstream), host.registerUpstream(upstream)]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(String(both.find(({ status }) => status === 'rejected')?.['reason' as never])).toContain('duplicate id: api');
  expect(host.config.upstreams.map(({ id }) => id)).toEqual(['api']);
  await expect(host.registerUpstream(upstream)).rejects.toThrow('duplicate id: api');
});
