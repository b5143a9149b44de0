import type { FaultCode } from '../core/codes/index.ts';
import type { Metrics, Series } from '../core/metrics.ts';
import { countedOutcome } from '../hook/receipt.ts';
import { methods } from '../mcp/methods.ts';
import { clientLeft, type RequestLine } from './request-log.ts';

/** Clients choose the method; a label must not have as many values as they like. */
const labels = new Set(['GET', 'DELETE', 'notifications/initialized', 'batch', ...Object.keys(methods)]);

/** Tenants that have a label of their own; those that come later share the label `other`. */
const mostTenants = 100;

/** Creates what counts each request and each hook call of it. */
export function createMeasure(metrics: Metrics): (line: RequestLine, failed?: FaultCode) => void {
  metrics.declare('sallyport_requests_total', { type: 'counter', help: 'Requests, by binding, method and status.' });
  metrics.declare('sallyport_failed_requests_total', {
    type: 'counter',
    help: 'Refused and failed requests, by binding and error code (docs/errors.md).',
  });
  metrics.declare('sallyport_request_seconds', { type: 'histogram', help: 'Time until the answer was written.' });
  metrics.declare('sallyport_hook_calls_total', {
    type: 'counter',
    help: 'Hook calls, by plugin, hook and outcome; for a failure, the outcome is its cause.',
  });
  metrics.declare('sallyport_hook_seconds', { type: 'histogram', help: 'Wall time of hook calls, in a lane.' });
  metrics.declare('sallyport_tool_calls_total', {
    type: 'counter',
    help: 'Calls of tools by plugins, by plugin and outcome.',
  });
  // Found by a short text: creating the labels again costs more than counting.
  const known = new Map<string, Series>();
  const series = (name: string, labels: Readonly<Record<string, string>>) => {
    const key = `${name} ${Object.values(labels).join(' ')}`;
    const found = known.get(key) ?? metrics.series(name, labels);
    known.set(key, found);
    return found;
  };
  // Of hook calls there are many a request: both of theirs are found by one.
  const hookSeries = new Map<string, { readonly calls: Series; readonly seconds: Series }>();
  const seriesOf = (plugin: string, hook: string, outcome: string) => {
    const key = `${plugin} ${hook} ${outcome}`;
    const both = hookSeries.get(key);
    if (both !== undefined) return both;
    const calls = metrics.series('sallyport_hook_calls_total', { plugin, hook, outcome });
    const made = { calls, seconds: metrics.series('sallyport_hook_seconds', { plugin, hook }) };
    hookSeries.set(key, made);
    return made;
  };
  const tenants = new Set<string>();
  const tenantLabel = (tenant: string) => {
    if (tenants.size < mostTenants) tenants.add(tenant);
    return tenants.has(tenant) ? tenant : 'other';
  };
  return ({ binding = '', method = '', status, ms, tenant, plugins = [], calls = [] }, failed) => {
    const shown = labels.has(method) ? method : 'other';
    const of = tenant === undefined ? { binding } : { binding, tenant: tenantLabel(tenant) };
    series('sallyport_requests_total', { ...of, method: shown, status: String(status || clientLeft) }).add(1);
    if (failed !== undefined) series('sallyport_failed_requests_total', { ...of, code: failed }).add(1);
    series('sallyport_request_seconds', { binding }).observe(ms / 1000);
    for (const { by, outcome = 'aborted' } of calls)
      series('sallyport_tool_calls_total', { plugin: by, outcome }).add(1);
    for (const receipt of [...plugins, ...calls.flatMap(call => call.plugins ?? [])]) {
      const { calls, seconds } = seriesOf(receipt.plugin, receipt.hook, countedOutcome(receipt));
      calls.add(1);
      seconds.observe(receipt.wallMs / 1000);
    }
  };
}

/** Makes what counts clients that were disconnected because they do not read. */
export function createCutOffCount(metrics: Metrics): (binding: string) => void {
  const name = 'sallyport_slow_clients_total';
  metrics.declare(name, { type: 'counter', help: 'Clients disconnected because they did not read, by binding.' });
  return binding => metrics.series(name, { binding }).add(1);
}
