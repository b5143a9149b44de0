import { expect, it, vi } from 'vitest';
import { itWith } from '../../../test/prerequisite.ts';
import { runBench } from './bench.ts';

const brief = { seconds: 0.1, rounds: 1, warmUpSeconds: 0.1, sizes: [200, 2048] };
const names = ['upstream', 'proxy', 'gateway', 'gateway+1-js', 'gateway+5-js'] as const;

it('[RUN-22] measures each way to the upstream with each size and number of connections', async () => {
  const { rows } = await runBench({ ...brief, only: names, progress: () => {} });
  const cases = [200, 2048].flatMap(size =>
    [32, 1].flatMap(connections => names.map(name => ({ name, size, connections }))),
  );
  expect(rows).toMatchObject(cases);
  for (const { name: _name, ...figures } of rows) {
    expect(Object.keys(figures)).toEqual([
      'size',
      'connections',
      'rps',
      'mean_ms',
      'p50_ms',
      'p99_ms',
      'cpu_us_per_request',
      'main_cpu_us_per_request',
      'lanes_cpu_us_per_request',
      'rss_mb',
    ]);
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThanOrEqual(0);
    expect(figures.rps).toBeGreaterThan(0);
  }
}, 600_000);

it('[RUN-22] measures what it costs to authenticate', async () => {
  const only = ['gateway+key', 'gateway+jwt', 'gateway+new-jwt'] as const;
  const { rows } = await runBench({ ...brief, sizes: [200], only, progress: () => {} });
  expect(rows.map(({ name }) => name)).toEqual([...only, ...only]);
}, 300_000);

itWith('wasm-ld-22')(
  '[RUN-22] measures plugins in Rust where they can be built',
  async () => {
    const only = ['gateway+1-rust', 'gateway+5-real', 'gateway+5-inline', 'start-rust'] as const;
    const { rows, starts } = await runBench({ ...brief, sizes: [200], only, progress: () => {} });
    const measured = ['gateway+1-rust', 'gateway+5-real', 'gateway+5-inline'];
    expect(rows.map(({ name }) => name)).toEqual([...measured, ...measured]);
    for (const { name, lanes_cpu_us_per_request: lanes } of rows)
      expect(lanes > 0, name).toBe(!name.includes('inline'));
    expect(starts).toEqual([
      { language: 'rust', start_ms: expect.any(Number), mib_per_plugin_and_lane: expect.any(Number) },
    ]);
  },
  900_000,
);

it('[RUN-22] measures how a plugin that loops is stopped, and what happens to other requests', async () => {
  const { loops } = await runBench({ ...brief, only: ['loop'], progress: () => {} });
  const stopped = { stopped_after_ms: expect.any(Number), failed: 0 };
  expect(loops).toMatchObject([
    { isolation: 'pooled', ...stopped },
    { isolation: 'inline', ...stopped },
  ]);
  for (const { others } of loops) expect(others).toBeGreaterThan(0);
}, 300_000);

it('[RUN-22] reports what it leaves out', async () => {
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('CONTEXTFORGE', '/nowhere');
  const lines: string[] = [];
  const peers = ['mcp-proxy', 'mcp-proxy+5', 'contextforge+5'] as const;
  const result = await runBench({ ...brief, only: peers, progress: line => lines.push(line) });
  vi.unstubAllEnvs();
  expect(lines).toContainEqual(expect.stringContaining('left out: mcp-proxy, mcp-proxy+5: mcp-proxy is not installed'));
  expect(lines).toContainEqual(expect.stringContaining('left out: contextforge+5: ContextForge is not installed'));
  expect(result).toEqual({ rows: [], starts: [], loops: [] });
});
