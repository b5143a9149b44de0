/** The metrics, alerts and the dashboard in the hands of a real Prometheus. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { parse } from 'yaml';
import { read, root } from '../fixtures/markdown.ts';
import { made, openObservedGateway } from '../fixtures/observed-gateway.ts';
import { startPrometheus } from '../fixtures/prometheus.ts';
import { isMissing, itWith } from '../prerequisite.ts';

const at = (name: string) => join(root, 'deploy/prometheus', name);
const it = itWith('prometheus');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
const alerts = (parse(readFileSync(at('alerts.yaml'), 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const { panels } = JSON.parse(read('deploy/grafana/sallyport.json')) as { readonly panels: readonly Panel[] };
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ panel: `${title}: ${legendFormat}`, expr })),
);

/** Writes a query as Grafana sends it. */
const asSent = (expr: string) => expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m');

const metricsIn = (expr: string): readonly string[] =>
  expr.replaceAll(/"[^"]*"/g, '').match(/\b(?:up\b|(?:sallyport|process|nodejs)_[a-z0-9_]+)/g) ?? [];

async function promtool(argv: readonly string[], stdin = ''): Promise<string> {
  const running = promisify(execFile)('promtool', argv, { cwd: at('') });
  // One that ends without reading it has a status that says why.
  running.child.stdin?.on('error', () => {}).end(stdin);
  const { stdout, stderr } = await running;
  return stdout + stderr;
}

describe('[MET-07] promtool', () => {
  it('accepts the configuration and the alerts', async () => {
    expect(await promtool(['check', 'config', 'prometheus.yaml'])).toContain(`${alerts.length} rules found`);
    await promtool(['check', 'rules', 'alerts.yaml']);
  });

  it('sees every alert fire when it should, and none when it should not', async () => {
    expect(await promtool(['test', 'rules', 'alerts.test.yaml'])).toContain('SUCCESS');
    const tested = readFileSync(at('alerts.test.yaml'), 'utf8').matchAll(/alertname="(\w+)"/g);
    expect([...tested].map(([, name]) => name).toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });
});

describe('[MET-08] a Prometheus that scrapes a gateway', () => {
  let gateway: Awaited<ReturnType<typeof openObservedGateway>>;
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
  const tillIt = async (text: string, value: number) => {
    while ((await prometheus.number(text)) !== value) await new Promise(resolve => setTimeout(resolve, 100));
  };
  const calls = 'sum(sallyport_requests_total{method="tools/call"})';
  beforeAll(async () => {
    if (isMissing('prometheus')) return;
    gateway = await openObservedGateway();
    prometheus = await startPrometheus(gateway.url, at('alerts.yaml'));
    // Before the calls, between them, and after: a rate needs two values.
    await tillIt('up', 1);
    await gateway.makeCalls();
    await tillIt(calls, made.all);
    await gateway.makeCalls();
    await tillIt(calls, 2 * made.all);
  });
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
  });

  it('gets metrics that promtool has nothing to say about', async () => {
    expect(await promtool(['check', 'metrics'], await gateway.metrics())).toBe('');
  });

  it.each([
    ['sum(sallyport_request_seconds_count{binding="main"}) > bool 0', 1],
    ['sallyport_failed_requests_total{binding="main",code="plugin_blocked"}', 2 * (made.blocked + made.blockedOddly)],
    ['sum(sallyport_plugin_executions_total{plugin="guard",hook="tool_pre_invoke"})', 2 * made.all],
    ['sallyport_plugin_duration_seconds_count{plugin="guard",hook="tool_pre_invoke"}', 2 * made.all],
    ['sum by (code) (sallyport_plugin_violations_total{code="EMAIL_FOUND"})', 2 * made.blocked],
    ['sallyport_plugin_errors_total{plugin="loops",cause="timeout"}', 2 * made.looped],
    ['sallyport_plugin_errors_total{plugin="breaks",cause="trap"}', 3],
    ['sallyport_upstream_requests_total{method="tools/call",outcome="result"}', 2 * (made.sent - made.unknown)],
    ['sallyport_upstream_requests_total{method="tools/call",outcome="error"}', 2 * made.unknown],
    ['sum(sallyport_shadow_calls_total{outcome="would_block"})', 2 * made.seen],
    ['sallyport_lane_restarts_total{pool="shared"}', 2 * made.looped],
    ['plugin_looked_total{plugin="guard"}', 2 * made.all],
    ['histogram_quantile(0.5, sallyport_plugin_duration_seconds_bucket{plugin="loops"}) < bool 0.5', 1],
    ['process_resident_memory_bytes > bool 1e7', 1],
  ])('has counted what was called: %s', async (query, value) => {
    expect(await prometheus.number(query)).toBe(value);
  });

  it('scrapes every metric that alerts and dashboard look at', async () => {
    const names = new Set(await prometheus.names());
    const looked = [...alerts.map(({ expr }) => expr), ...queries.map(({ expr }) => expr)].flatMap(metricsIn);
    expect([...new Set(looked)].filter(name => !names.has(name)).toSorted()).toEqual(['up'].filter(n => !names.has(n)));
  });

  it.each(queries)('has data for the panel $panel', async ({ expr }) => {
    expect((await prometheus.query(asSent(expr))).length).toBeGreaterThan(0);
  });

  it('raises the alerts that are due', async () => {
    const raised = (await prometheus.alerts()).map(
      ({ labels }) => `${labels.alertname} ${labels.plugin ?? labels.upstream ?? ''}`,
    );
    expect(raised).toEqual(expect.arrayContaining(['SallyportPluginHeldBack breaks', 'SallyportUpstreamDown absent']));
    expect(raised.filter(each => /Disabled|Down $|Missing|Capability/.test(each))).toEqual([]);
  });
});

describe('[MET-08] the dashboard', () => {
  it('has panels with ids of their own that do not overlap', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
