import type { FaultCode } from '../core/codes/index.ts';
import type { Metrics, Series } from '../core/metrics.ts';
import type { TenantLabel } from '../core/tenant-label.ts';
import type { Decision } from '../gateway/access.ts';
import { HookCounts } from '../hook/hook-counts.ts';
import type { Receipt } from '../hook/receipt.ts';
import { methods } from '../mcp/methods.ts';
import { clientLeft, type RequestLine } from './request-log.ts';

/** The methods that are labels. Clients choose the method, so unknown ones share a value. */
const labels = new Set(['GET', 'DELETE', 'notifications/initialized', 'batch', ...Object.keys(methods)]);

/** Returns the method as a label. */
export const methodLabel = (method: string | undefined): string =>
  method !== undefined && labels.has(method) ? method : 'other';

/** The series that count and time the requests with these labels. */
interface RequestSeries {
  readonly binding: string;
  readonly tenant: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly total: Series;
  readonly seconds: Series;
  /** The time of plugins; undefined without a tenant. */
  readonly hookSeconds: Series | undefined;
}

/** The upper bounds of the buckets of requests, in seconds: one without plugins takes less than a millisecond. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Creates the counters of requests and their hook calls. */
export function createMeasure(
  metrics: Metrics,
  labelOf: TenantLabel,
  hooks: HookCounts = new HookCounts(metrics),
): (line: RequestLine, failed?: FaultCode) => void {
  metrics.declare('sallyport_requests_total', {
    type: 'counter',
    help: 'Requests, by binding, tenant, method and status.',
  });
  metrics.declare('sallyport_failed_requests_total', {
    type: 'counter',
    help: 'Refused and failed requests, by binding, tenant and error code (docs/errors.md).',
  });
  metrics.declare('sallyport_access_decisions_total', {
    type: 'counter',
    help: 'Decisions of `allow` about requests and calls of plugins, by binding, decision and index of the rule.',
  });
  metrics.declare('sallyport_request_seconds', {
    type: 'histogram',
    help: 'Time until the answer was written, by binding and tenant.',
    buckets,
  });
  metrics.declare('sallyport_tenant_hook_seconds_total', {
    type: 'counter',
    help: 'Wall time of the hook calls of answered requests, by tenant.',
  });
  metrics.declare('sallyport_tool_calls_total', {
    type: 'counter',
    help: 'Calls of tools by plugins, by plugin and outcome.',
  });
  // Series are cached by a short text, because creating the labels again costs more than counting.
  const known = new Map<string, Series>();
  const series = (name: string, labels: Readonly<Record<string, string>>) => {
    const key = `${name} ${Object.values(labels).join(' ')}`;
    const found = known.get(key) ?? metrics.series(name, labels);
    known.set(key, found);
    return found;
  };
  // Each request is counted and timed: one lookup finds both series.
  const requestSeries = new Map<string, RequestSeries>();
  let latest: RequestSeries | undefined;
  const findSeries = (binding: string, tenant: string | undefined, method: string, status: number) => {
    const key = tenant === undefined ? `${binding} ${method} ${status}` : `${binding} ${method} ${status} ${tenant}`;
    const both = requestSeries.get(key);
    if (both !== undefined) return both;
    const whose = { binding, ...(tenant !== undefined && { tenant }) };
    const made = {
      ...{ binding, tenant, method, status },
      total: metrics.series('sallyport_requests_total', { ...whose, method, status: String(status || clientLeft) }),
      seconds: metrics.series('sallyport_request_seconds', whose),
      hookSeconds: tenant === undefined ? undefined : metrics.series('sallyport_tenant_hook_seconds_total', { tenant }),
    };
    requestSeries.set(key, made);
    return made;
  };
  // Most requests have the labels of the one before, and comparing them is faster than to build the text.
  const seriesOfRequest = (binding: string, tenant: string | undefined, method: string, status: number) => {
    const isSame = latest?.binding === binding && latest.method === method && latest.status === status;
    if (latest === undefined || !isSame || latest.tenant !== tenant) {
      latest = findSeries(binding, tenant, method, status);
    }
    return latest;
  };
  const countHook = (receipt: Receipt, ofTenant: Series | undefined) => {
    hooks.count(receipt);
    ofTenant?.add(receipt.wallMs / 1000);
  };
  const countAccess = (binding: string, access: Decision | undefined) => {
    if (access === undefined) return;
    const { kind: decision, rule } = access;
    const labels = rule === undefined ? { binding, decision } : { binding, decision, rule: String(rule) };
    series('sallyport_access_decisions_total', labels).add(1);
  };
  return ({ binding = '', method, status, ms, tenant, access, plugins = [], calls = [] }, failed) => {
    const shown = methodLabel(method);
    const label = labelOf(tenant);
    const { total, seconds, hookSeconds } = seriesOfRequest(binding, label, shown, status);
    total.add(1);
    seconds.observe(ms / 1000);
    if (failed !== undefined) {
      const of = label === undefined ? { binding } : { binding, tenant: label };
      series('sallyport_failed_requests_total', { ...of, code: failed }).add(1);
    }
    countAccess(binding, access);
    for (const { by, outcome = 'aborted', access: nested } of calls) {
      series('sallyport_tool_calls_total', { plugin: by, outcome }).add(1);
      countAccess(binding, nested);
    }
    for (const receipt of plugins) countHook(receipt, hookSeconds);
    for (const call of calls) for (const receipt of call.plugins ?? []) countHook(receipt, hookSeconds);
  };
}

/** Creates the counter of clients that were disconnected because they do not read. */
export function createCutOffCount(metrics: Metrics): (binding: string) => void {
  const name = 'sallyport_slow_clients_total';
  metrics.declare(name, { type: 'counter', help: 'Clients disconnected because they did not read, by binding.' });
  return binding => metrics.series(name, { binding }).add(1);
}
