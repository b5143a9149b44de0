import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { everythingOverStdio } from '../../../../test/fixtures/everything.ts';
import { isAlive } from '../../../../test/fixtures/process-state.ts';
import { until } from '../../../../test/fixtures/until.ts';
import { createLog } from '../../core/log.ts';
import { textOf, upstreamCases } from './upstream.case.ts';

const script = join(import.meta.dirname, '../../../../test/fixtures/raw-stdio-server.ts');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-stdio-'));
afterAll(() => rmSync(folder, { recursive: true }));

const raw = (...args: string[]) => ({ id: 'raw', stdio: { command: process.execPath, args: [script, ...args] } });

describe('over stdio', () => {
  upstreamCases({
    everything: async () => ({ id: 'everything', stdio: everythingOverStdio }),
    raw: async () => raw(),
    down: async () => {
      const file = join(folder, 'up');
      return { entry: raw('--until-exists', file), up: async () => writeFileSync(file, '') };
    },
  });
});

const surroundings = async (env?: Record<string, string>) => {
  const { id, stdio } = raw();
  await using upstream = createUpstream({ id, stdio: { ...stdio, ...(env ? { env } : {}) } });
  const { result } = await upstream.request('tools/call', { name: 'surroundings' });
  return JSON.parse(textOf(result)) as Record<string, string>;
};

it('gives the child PATH, HOME and the variables of the operator, and nothing else of our environment [UP-12]', async () => {
  vi.stubEnv('SECRET_OF_THE_GATEWAY', 'x');
  const env = await surroundings({ TOKEN: 'of the operator' });
  expect(Object.keys(env).filter(name => !/^(PATH|HOME|__CF.*)$/.test(name))).toEqual(['TOKEN']);
  vi.unstubAllEnvs();
});

it('ends what the child started together with the child [UP-13]', async () => {
  const file = join(folder, 'pid');
  const upstream = createUpstream(raw('--grandchild', file));
  await upstream.start();
  const pid = Number(readFileSync(file, 'utf8'));
  expect(process.kill(pid, 0)).toBe(true);
  await upstream[Symbol.asyncDispose]();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it('names a command that does not exist', async () => {
  await using upstream = createUpstream({ id: 'gone', stdio: { command: 'no-such-command' } });
  await expect(upstream.start()).rejects.toMatchObject({
    code: 'upstream_unavailable',
    details: { command: 'no-such-command', hint: expect.stringContaining('no-such-command') },
  });
});

it('waits longer and longer before it starts a child again that keeps dying [UP-14]', async () => {
  await using upstream = createUpstream(raw('--until-exists', join(folder, 'never')));
  const codes: string[] = [];
  for (let tries = 0; tries < 6; tries += 1) {
    await upstream.start().catch(fault => codes.push(fault.code));
  }
  expect(codes.slice(0, 2)).toEqual(['upstream_closed', 'upstream_closed']);
  expect(codes.at(-1)).toBe('upstream_unavailable');
});

const oddLines = [
  '{ id: 1 }',
  '[ 1, 2 ]',
  '[1,2]',
  '42',
  'null',
  '"ok"',
  'true',
  '[',
  '  {',
  ']',
  '{"level":"info"}',
  '{',
  'hello',
];

it.each(oddLines)('skips the line %j of a server, and logs it [UP-23]', async odd => {
  const { lines, log } = recording();
  await using upstream = createUpstream(raw(), { log });
  const running = upstream.request('tools/call', { name: 'progress', arguments: { pauseMs: 50 } });
  const params = { name: 'line', arguments: { line: odd, times: 30 } };
  expect(textOf((await upstream.request('tools/call', params)).result)).toBe('written');
  expect(textOf((await running).result)).toBe('no token');
  const skipped = lines.filter(({ msg }) => msg === 'ignoring a line of stdout that is not a message');
  expect(skipped).toHaveLength(10);
  expect(skipped[0]).toMatchObject({ level: 40, upstream: 'raw', line: odd.trim() });
  expect(lines.filter(({ msg }) => msg === 'connected')).toHaveLength(1);
});

it.each([
  { what: 'is cut off', line: '{"jsonrpc":"2.0","id":ID,"result":{"content":[' },
  { what: 'has a result that is no object', line: '{"jsonrpc":"2.0","id":ID,"result":5}' },
  { what: 'has an error of another shape', line: '{"error":{"code":"x"},"jsonrpc":"2.0","id":ID}' },
  { what: 'has neither result nor error', line: '{"jsonrpc":"2.0","id":ID}' },
])('fails the one call whose answer $what [UP-23]', async ({ line }) => {
  await using upstream = createUpstream({ ...raw(), timeout_ms: 60_000 });
  await upstream.start();
  const running = upstream.request('tools/call', { name: 'progress', arguments: { pauseMs: 50 } });
  const broken = upstream.request('tools/call', { name: 'line', arguments: { line } });
  await expect(broken).rejects.toMatchObject({ code: 'upstream_garbage' });
  expect(textOf((await running).result)).toBe('no token');
});

it('fails the one call whose answer is too large [UP-06] [UP-23]', async () => {
  const { lines, log } = recording();
  await using upstream = createUpstream(raw(), { maxAnswerBytes: 64 * 1024, log });
  await upstream.start();
  const running = upstream.request('tools/call', { name: 'progress', arguments: { pauseMs: 50 } });
  for (const line of ['{"jsonrpc":"2.0","id":ID,"result":"PAD"}', '{"result":"PAD","jsonrpc":"2.0","id":ID}']) {
    const large = upstream.request('tools/call', { name: 'line', arguments: { line, pad: 200_000 } });
    await expect(large).rejects.toMatchObject({ code: 'upstream_too_large' });
  }
  expect(textOf((await running).result)).toBe('no token');
  expect(lines.filter(({ msg }) => msg === 'connected')).toHaveLength(1);
});

it('does not send more to a server that reads nothing', async () => {
  await using upstream = createUpstream(raw('--deaf'), { maxAnswerBytes: 1024 * 1024 });
  await upstream.start();
  const big = { name: 'echo', arguments: { text: 'x'.repeat(2_000_000) } };
  const waiting = upstream.request('tools/call', big, { timeoutMs: 500 });
  await expect(upstream.request('ping')).rejects.toMatchObject({
    code: 'upstream_unavailable',
    details: { hint: expect.stringContaining('does not read its stdin') },
  });
  await expect(waiting).rejects.toMatchObject({ code: 'upstream_timeout' });
});

/** Answers the handshake, and then writes `line` a number of times and reads nothing. */
const flooding = (stream: 'stdout' | 'stderr', line: string, times: number) => ({
  id: 'raw',
  stdio: {
    command: process.execPath,
    args: [
      '-e',
      `process.stdin.once('data', () => {
        process.stdin.pause();
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'f', version: '1' } };
        console.log(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
        process.${stream}.write(${JSON.stringify(`${line}\n`)}.repeat(${times}), () => console.error('flooded'));
        setInterval(() => {}, 60_000);
      });`,
    ],
  },
});

it('keeps no answers for a server that asks without end and reads none [UP-29]', async () => {
  const { lines, log } = recording();
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(900), method: 'ping' });
  await using upstream = createUpstream(flooding('stdout', ping, 5_000), { maxAnswerBytes: 1024 * 1024, log });
  await upstream.start();
  await expect.poll(() => lines.some(({ line }) => line === 'flooded')).toBe(true);
  await expect(upstream.request('ping', {}, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'upstream_timeout' });
});

it('logs a bounded number of lines of stderr, and then counts them [UP-29]', async () => {
  const { lines, log } = recording();
  await using upstream = createUpstream(flooding('stderr', 'spam', 20_000), { log });
  await upstream.start();
  const written = () => lines.filter(({ msg }) => msg === 'stderr').length;
  await expect.poll(written).toBe(1_000);
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(written()).toBe(1_000);
});

it.each([
  { how: 'exits', args: { code: 3 }, reason: 'it exited with code 3' },
  { how: 'is killed', args: { signal: 'SIGKILL' }, reason: 'it was terminated by SIGKILL' },
])('logs when a child $how between two calls [UP-28]', async ({ args, reason }) => {
  const { lines, log } = recording();
  await using upstream = createUpstream(raw(), { log });
  await upstream.request('tools/call', { name: 'exit', arguments: args });
  const ended = () => lines.filter(({ msg }) => msg === 'the process of the upstream ended');
  await expect.poll(ended).toHaveLength(1);
  expect(ended()[0]).toMatchObject({ level: 40, upstream: 'raw', reason, stderr: 'these were my last words' });
  expect(textOf((await upstream.request('tools/call', { name: 'echo', arguments: { text: 'x' } })).result)).toBe('x');
});

it('starts in time, or not at all, and leaves no child behind [UP-21]', async () => {
  const file = join(folder, 'silent-pid');
  // The time is over once the child has started one of its own, however long that takes.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const upstream = createUpstream(raw('--silent', '--grandchild', file), { startTimeoutMs: 1_000 });
  const refused = expect(upstream.start()).rejects.toMatchObject({
    code: 'upstream_timeout',
    details: { setting: 'limits.upstream_start_ms' },
  });
  await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  await refused;
  await expect.poll(() => isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  await upstream[Symbol.asyncDispose]();
});

function recording() {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: createLog('debug', { write: line => void lines.push(JSON.parse(line)) }) };
}
