import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { made, openObservedGateway } from '../fixtures/observed-gateway.ts';

const { seen, blocked, blockedOddly, looped, unknown, unreached, sent, all } = made;

describe('[MET-05] /metrics, after calls of all kinds', () => {
  let gateway: Awaited<ReturnType<typeof openObservedGateway>>;
  let lines: readonly string[];
  beforeAll(async () => {
    gateway = await openObservedGateway();
    await gateway.makeCalls();
    lines = (await gateway.metrics()).split('\n');
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());

  it.each([
    ['requests that failed', 'failed_requests_total{binding="main",code="plugin_blocked"}', blocked + blockedOddly],
    ['hook calls', 'plugin_executions_total{plugin="guard",hook="tool_pre_invoke",status="proceed"}', sent],
    [
      'hook calls that block',
      'plugin_executions_total{plugin="guard",hook="tool_pre_invoke",status="block"}',
      blocked + blockedOddly,
    ],
    ['hook calls that fail', 'plugin_executions_total{plugin="loops",hook="tool_pre_invoke",status="failed"}', looped],
    ['their times', 'plugin_duration_seconds_count{plugin="guard",hook="tool_pre_invoke"}', all],
    ['violations', 'plugin_violations_total{plugin="guard",code="EMAIL_FOUND"}', blocked],
    ['violations whose code is text', 'plugin_violations_total{plugin="guard",code="other"}', blockedOddly],
    ['failures', 'plugin_errors_total{plugin="breaks",cause="trap"}', 3],
    ['deadlines that passed', 'plugin_errors_total{plugin="loops",cause="timeout"}', looped],
    ['openings of a breaker', 'plugin_breaker_openings_total{plugin="breaks"}', 1],
    ['that a plugin is held back', 'plugin_state{plugin="breaks",state="held_back"}', 1],
    ['that a plugin is active', 'plugin_state{plugin="guard",state="active"}', 1],
    ['the mode of a plugin', 'plugin_info{plugin="looks",version="0.1.0",mode="shadow"}', 1],
    [
      'what plugins in shadow would have done',
      'shadow_calls_total{plugin="looks",hook="tool_pre_invoke",outcome="would_block"}',
      seen,
    ],
    ['lanes', 'lanes{pool="shared",plugin=""}', 2],
    ['lanes that were replaced', 'lane_restarts_total{pool="shared",plugin=""}', looped],
    ['calls that wait', 'lane_waiting_calls{pool="shared",plugin=""}', 0],
    ['that an upstream can be reached', 'upstream_up{upstream="upstream"}', 1],
    ['that an upstream cannot be reached', 'upstream_up{upstream="absent"}', 0],
    [
      'results of an upstream',
      'upstream_requests_total{upstream="upstream",method="tools/call",outcome="result"}',
      sent - unknown,
    ],
    [
      'errors of an upstream',
      'upstream_requests_total{upstream="upstream",method="tools/call",outcome="error"}',
      unknown,
    ],
    [
      'lists without an upstream',
      'lists_incomplete_total{binding="nowhere",upstream="absent",method="initialize",code="upstream_unavailable"}',
      unreached,
    ],
    ['sessions', 'sessions', 1],
    ['running requests', 'running_requests', 0],
    ['limits', 'limit{limit="sessions"}', 10_000],
    ['receipts that are missing', 'receipts_dropped_total', 0],
  ])('has %s', (_, series, value) => {
    const name = series.replace(/\{.*/, '');
    const ofFamily = lines.filter(line => line.startsWith(`sallyport_${name}`) && !line.includes('_bucket'));
    expect(ofFamily).toContain(`sallyport_${series} ${value}`);
  });
});
