import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import type { Config } from '../../config/config.ts';
import { silentLog } from '../../core/log.ts';
import { createHost } from '../create-host.ts';

const upstream = (id: string, more: object = {}) => ({
  ...{ id, http: { url: 'http://127.0.0.1:9/mcp' }, required: false },
  ...more,
});

it('[MET-09] reloads leave no series of upstreams and bindings behind, whether they succeed or fail', async () => {
  const cache_dir = await temporaryFolder();
  const bindings = [{ id: 'main', upstreams: ['up'] }];
  const about = { cache_dir, kv: { store: 'memory' as const }, listen: '127.0.0.1:0' };
  await using host = await createHost({ ...about, upstreams: [upstream('up')], bindings }, { log: silentLog() });
  const { url } = await host.listen();
  let text = '';
  const labels = (name: string) => [
    ...new Set([...text.matchAll(new RegExp(`${name}="([^"]*)"`, 'g'))].map(m => m[1])),
  ];
  const scrape = async () => {
    text = await (await fetch(`${url}/metrics`)).text();
    return labels('upstream').toSorted();
  };
  const withMore = (id: string, more: object) => (config: Config) => {
    const [first] = config.upstreams;
    const added = { ...first, id, ...more } as Config['upstreams'][number];
    return { ...config, upstreams: [...config.upstreams, added] };
  };
  const without = (id: string) => (config: Config) => ({
    ...config,
    upstreams: config.upstreams.filter(each => each.id !== id),
  });
  expect(await scrape()).toEqual(['up']);
  await expect(host.reload(withMore('refused', { required: true }))).rejects.toThrow();
  expect(await scrape()).toEqual(['up']);
  await host.reload(withMore('more', {}));
  expect(await scrape()).toEqual(['more', 'up']);
  await host.reload(without('more'));
  await host.reload(withMore('another', {}));
  let shown = await scrape();
  while (shown.includes('more')) shown = await scrape();
  expect(shown).toEqual(['another', 'up']);
});
