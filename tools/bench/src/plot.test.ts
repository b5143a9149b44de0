import { expect, it } from 'vitest';
import type { Row } from './bench.ts';
import { plot } from './plot.ts';

const row = (name: string, rps: number, connections = 32): Row => ({
  ...{ name, size: 200, connections, rps, mean_ms: 1, p50_ms: 1, p99_ms: 2, rss_mb: 100 },
  ...{ cpu_us_per_request: 100, main_cpu_us_per_request: 60, lanes_cpu_us_per_request: 30 },
});

it('[RUN-22] draws throughput and CPU by part of what was measured at 32 connections', () => {
  const svg = plot([row('proxy', 1000), row('gateway', 500), row('gateway', 7, 1)]);
  const widths = [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([500, 250, 300, 150, 50, 300, 150, 50]);
  for (const text of ['proxy', 'gateway', '1,000', '500']) expect(svg).toContain(`>${text}</text>`);
  expect(svg).not.toContain('>7</text>');
});
