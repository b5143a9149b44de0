import { describe, expect, it } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import { createTenantLabel } from '../core/tenant-label.ts';
import type { RequestLine } from './request-log.ts';
import { createCutOffCount, createMeasure } from './request-metrics.ts';

const line = (more: object): RequestLine =>
  ({ binding: 'main', method: 'tools/call', status: 200, ms: 5, ...more }) as unknown as RequestLine;

type Counted = Parameters<ReturnType<typeof createMeasure>>;

/** The lines of a family, after these requests. */
function counted(family: string, ...requests: Counted[]) {
  const metrics = new Metrics();
  const measure = createMeasure(metrics, createTenantLabel(['one', 'two', '*']));
  for (const request of requests) measure(...request);
  return metrics
    .text()
    .split('\n')
    .filter(each => each.startsWith(family));
}

it.each([
  { what: 'its method', more: {}, labels: 'binding="main",method="tools/call",status="200"' },
  { what: 'a method that it made up', more: { method: 'x'.repeat(99) }, labels: 'method="other"' },
  { what: 'no binding', more: { binding: undefined }, labels: 'binding=""' },
])('a request is counted by $what', ({ more, labels }) => {
  const [only, ...others] = counted('sallyport_requests_total', [line(more)], [line(more)]);
  expect(only).toContain(labels);
  expect([only?.endsWith(' 2'), others]).toEqual([true, []]);
});

it('a failure is counted by its code beside', () => {
  expect(counted('sallyport_failed_requests_total', [line({})], [line({}), 'overloaded'])).toEqual([
    'sallyport_failed_requests_total{binding="main",code="overloaded"} 1',
  ]);
});

it('hook calls are counted, those of nested calls among them', () => {
  const report = { plugin: 'p', hook: 'tool_pre_invoke', wallMs: 1 };
  const request = line({
    plugins: [
      { ...report, outcome: 'proceed' },
      { ...report, outcome: 'failed', cause: 'timeout' },
    ],
    calls: [{ request: 'r.1', by: 'p', outcome: 'result', plugins: [{ ...report, outcome: 'proceed' }] }],
  });
  expect(counted('sallyport_plugin_executions_total', [request])).toEqual([
    'sallyport_plugin_executions_total{plugin="p",hook="tool_pre_invoke",status="proceed"} 2',
    'sallyport_plugin_executions_total{plugin="p",hook="tool_pre_invoke",status="failed"} 1',
  ]);
  expect(counted('sallyport_tool_calls_total', [request])).toEqual([
    'sallyport_tool_calls_total{plugin="p",outcome="result"} 1',
  ]);
});

it('clients that were disconnected are counted by binding', () => {
  const metrics = new Metrics();
  createCutOffCount(metrics)('main');
  expect(metrics.text()).toContain('sallyport_slow_clients_total{binding="main"} 1');
});

describe('the label of a tenant [GW-216]', () => {
  const families = ['sallyport_requests_total', 'sallyport_failed_requests_total', 'sallyport_request_seconds_count'];
  const shown = (family: string, ...tenants: (string | undefined)[]) =>
    counted(family, ...tenants.map((tenant): Counted => [line({ tenant }), 'overloaded']));

  it.each(families)('is its name if it is configured, and one for all others: %s', family => {
    const lines = shown(family, 'one', 'two', 'three', 'four', '*', undefined);
    expect(lines.map(each => [/tenant="(\w+)"/.exec(each)?.[1], each.at(-1)])).toEqual([
      ['one', '1'],
      ['two', '1'],
      ['other', '3'],
      [undefined, '1'],
    ]);
  });

  it.each(families)('does not make more series, whatever tenants callers name: %s', family => {
    const tenants = Array.from({ length: 5_000 }, (_, at) => `tenant-${at}`);
    expect(shown(family, 'one', undefined, ...tenants)).toHaveLength(3);
  });

  it('shows what plugins have worked for it', () => {
    const plugins = [{ plugin: 'p', hook: 'tool_pre_invoke', wallMs: 250, outcome: 'proceed' }];
    const requests = ['one', 'one', 'six', undefined].map((tenant): Counted => [line({ tenant, plugins })]);
    expect(counted('sallyport_tenant_hook_seconds_total', ...requests)).toEqual([
      'sallyport_tenant_hook_seconds_total{tenant="one"} 0.5',
      'sallyport_tenant_hook_seconds_total{tenant="other"} 0.25',
    ]);
  });
});
