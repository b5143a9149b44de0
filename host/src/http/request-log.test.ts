import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { codes } from '../core/codes/index.ts';
import { Fault } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { SecretMask } from '../core/secret-mask.ts';
import type { CallSummary } from '../gateway/call.ts';
import { createRequestLog, failureOf } from './request-log.ts';

/** The line of a request that ended so, as it is written. */
function lineOf(thrown: unknown, record: CallSummary = {}) {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const line = { request: 'r', method: 'tools/call', binding: 'main', ...record, status: 200, ms: 1.234 };
  createRequestLog(log)(line, failureOf(record, thrown));
  const text = lines.join('');
  return { text, line: JSON.parse(text) };
}

it('[GW-90] tells a request that was served at level 30, without a code', () => {
  const { line } = lineOf(undefined);
  expect([line.level, line.code, line.details]).toEqual([30, undefined, undefined]);
});

const receipt = { plugin: 'p', hook: 'tool_post_invoke', outcome: 'modified', wallMs: 0.25 } as const;
it.each([
  { what: 'a method alone', about: {} },
  { what: 'a name of any characters', about: { name: '"\\\n\u2028é\ud800', upstream: 'up', plugins: [] } },
  { what: 'a caller', about: { subject: 's', tenant: 't', name: 'n', upstream: 'a,b', plugins: [receipt, receipt] } },
  {
    what: 'calls of a plugin',
    about: { calls: [{ request: 'r.1', by: 'p', outcome: 'result', ms: 1.239, plugins: [] }] },
  },
  { what: 'a client that left', about: { status: 0, binding: undefined, dropped: 3 } },
])('[GW-95] writes the line of a request with $what exactly as a log that formats objects', ({ about }) => {
  const text: string[] = [];
  const log = createLog('info', { write: (line: string) => void text.push(line.replace(/"time":"[^"]*"/, '')) });
  // A child formats its lines itself.
  for (const each of [log, log.child({})]) {
    const write = createRequestLog(each);
    const line = { request: 'r', method: 'tools/call', binding: 'main', status: 200, ms: 12.3456, ...about };
    // A second line of the same target, and one of another.
    for (const next of [line, { ...line, request: 's' }, { ...line, name: 'other' }]) write(next, undefined);
  }
  expect(text).toHaveLength(6);
  expect(text.slice(0, 3)).toEqual(text.slice(3));
});

it.each([
  { level: 'warn', lines: 0 },
  { level: 'debug', lines: 1 },
])('[GW-95] writes $lines lines of served requests at level $level', ({ level, lines }) => {
  const text: string[] = [];
  const log = createLog(level, { write: (line: string) => void text.push(line) });
  createRequestLog(log)({ request: 'r', method: 'ping', binding: 'main', status: 200, ms: 1 }, undefined);
  expect(text).toHaveLength(lines);
});

it.each([
  { what: 'as it is', name: 'my-secret-value', shown: '***' },
  { what: 'with characters that JSON escapes', name: 'x"quoted"-value', shown: 'x***-value' },
  { what: 'cut off', name: 'tell my-secre…', shown: 'tell ***…' },
])('[CAP-76] hides a secret in the name of a call, $what', ({ name, shown }) => {
  const text: string[] = [];
  const mask = new SecretMask();
  for (const secret of ['my-secret-value', '"quoted"']) mask.learn(secret);
  const log = mask.log(createLog('info', { write: (line: string) => void text.push(line) }));
  const write = createRequestLog(log);
  write({ request: 'r', method: 'tools/call', binding: 'main', name, status: 200, ms: 1 }, undefined);
  write({ request: 'r', method: 'tools/call', binding: 'main', name: 'plain', status: 200, ms: 1 }, undefined);
  expect(text.map(line => JSON.parse(line).name)).toEqual([shown, 'plain']);
});

it.each([
  ['a host', 'host_refused', { host: 'gateway:8787' }],
  ['a path', 'path_unknown', { path: '/mcp/' }],
  ['a time', 'upstream_timeout', { upstream: 'up', after_ms: 60_000, setting: 'timeout_ms' }],
  ['a limit', 'body_too_large', { limit: 4_194_304 }],
  ['a status', 'upstream_unavailable', { upstream: 'up', status: 502 }],
] as const)('[GW-90] tells %s of a fault, with its code and hint, at level 40', (_, code, details) => {
  expect(lineOf(new Fault(code, details)).line).toMatchObject({ level: 40, code, hint: codes[code].todo, details });
});

it('[GW-90] tells what caused a fault', () => {
  const fault = new Fault('upstream_unavailable', { upstream: 'up' }, new Error('connect ECONNREFUSED 127.0.0.1:9'));
  expect(lineOf(fault).line.cause).toBe('connect ECONNREFUSED 127.0.0.1:9');
});

it('[GW-90] tells a mistake of our own at level 50, with its stack', () => {
  const { line } = lineOf(new TypeError('x is not a function'));
  expect(line).toMatchObject({
    level: 50,
    code: 'internal',
    error: { type: 'TypeError', message: 'x is not a function' },
  });
  expect(line.error.stack).toContain('request-log.test');
});

it('[GW-90] tells what the operating system refused as such', () => {
  const thrown = (() => {
    try {
      return readFileSync('/nowhere');
    } catch (error) {
      return error;
    }
  })();
  expect(lineOf(thrown).line).toMatchObject({ level: 40, code: 'system_refused', details: { file: '/nowhere' } });
});

it('[GW-91] tells a block and a failure of a plugin at level 40, and a block by its own word only in the details', () => {
  const words = { reason: 'no', description: 'none' };
  const block = lineOf(undefined, { blocked: { plugin: 'p', code: 'internal', ...words } }).line;
  expect(block).toMatchObject({ level: 40, code: 'plugin_blocked', details: { plugin: 'p', code: 'internal' } });
  const failed = { plugin: 'p', code: 'plugin_failed', ...words, details: { cause: 'trap' } };
  expect(lineOf(undefined, { blocked: failed }).line).toMatchObject({ level: 40, code: 'plugin_failed' });
});

it('[GW-91] tells the cause of a failed hook call', () => {
  const report = {
    plugin: 'p',
    hook: 'tool_list',
    wallMs: 1,
    outcome: 'failed',
    cause: 'limit',
    message: 'x',
  } as const;
  expect(lineOf(undefined, { plugins: [report] }).line.plugins).toEqual([
    { plugin: 'p', hook: 'tool_list', outcome: 'failed', cause: 'limit', ms: 1 },
  ]);
});

it('[GW-92] bounds everything that others put into a line, and escapes it', () => {
  const long = `\u009b\u202e${'x'.repeat(10_000)}`;
  const deep = { a: { b: { c: { d: long } } } };
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}${long}`, long]));
  const details = { host: long, path: long, names: Array.from({ length: 100 }, () => long), deep, many };
  const { text } = lineOf(new Fault('host_refused', details, new Error(long)));
  expect(text.length).toBeLessThan(70_000);
  expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it('[GW-157] writes a few lines of what anybody can cause, for each reason and setting, and then their number', () => {
  vi.useFakeTimers();
  try {
    const lines: Record<string, unknown>[] = [];
    const write = createRequestLog(createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) }));
    const about = { request: 'r', method: 'POST', binding: 'main', status: 400, ms: 1 };
    const faults = [
      ...(['path_unknown', 'host_refused', 'origin_refused', 'http_method_refused'] as const).map(
        code => new Fault(code),
      ),
      ...['tenants.a', 'tenants.b'].map(setting => new Fault('quota_exceeded', { setting })),
    ];
    for (const fault of faults) for (let at = 0; at < 1000; at += 1) write(about, failureOf({}, fault));
    expect(lines).toHaveLength(faults.length * 5);
    vi.advanceTimersByTime(10_000);
    expect(lines.slice(faults.length * 5).map(({ suppressed }) => suppressed)).toEqual(faults.map(() => 995));
  } finally {
    vi.useRealTimers();
  }
});
