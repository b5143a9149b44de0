import { expect, it, vi } from 'vitest';
import { itWith } from '../../../test/prerequisite.ts';
import { runBench } from './bench.ts';

const names = ['upstream', 'proxy', 'gateway', 'gateway+1-js', 'gateway+5-js'] as const;

it('[RUN-22] measures each way to the upstream with each size and number of connections', async () => {
  const { rows } = await runBench({ seconds: 0.1, rounds: 1, only: names, progress: () => {} });
  const cases = [200, 2048].flatMap(size =>
    [32, 1].flatMap(connections => names.map(name => ({ name, size, connections }))),
  );
  expect(rows).toMatchObject(cases);
  for (const { name: _name, ...figures } of rows) {
    expect(Object.keys(figures)).toEqual([
      'size',
      'connections',
      'rps',
      'p50_ms',
      'p99_ms',
      'cpu_us_per_request',
      'main_cpu_us_per_request',
      'rss_mb',
    ]);
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThanOrEqual(0);
    expect(figures.rps).toBeGreaterThan(0);
  }
}, 180_000);

itWith('wasm-ld-22')(
  '[RUN-22] measures plugins in Rust where they can be built',
  async () => {
    const only = ['gateway+1-rust', 'start-rust'] as const;
    const { rows, starts } = await runBench({ seconds: 0.1, rounds: 1, only, progress: () => {} });
    expect(rows.map(({ name }) => name)).toEqual(Array.from({ length: 4 }, () => 'gateway+1-rust'));
    expect(starts).toEqual([
      { language: 'rust', start_ms: expect.any(Number), mib_per_plugin_and_lane: expect.any(Number) },
    ]);
  },
  300_000,
);

it('[RUN-22] says what it leaves out', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const lines: string[] = [];
  const result = await runBench({ seconds: 0.1, rounds: 1, only: ['mcp-proxy'], progress: line => lines.push(line) });
  vi.unstubAllEnvs();
  expect(lines).toContainEqual(expect.stringContaining('left out: mcp-proxy is not installed'));
  expect(result).toEqual({ rows: [], starts: [] });
});
