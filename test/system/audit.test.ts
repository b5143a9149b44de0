import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { shownConfig } from '../../host/src/config/change/shown-config.ts';
import { canonicalJson } from '../../host/src/core/canonical-json.ts';
import { version } from '../../host/src/core/version.ts';
import { verifyLedger } from '../../host/src/ledger/verify-ledger.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { runCommand, runJson } from '../fixtures/run-command.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');

/** Changes what comes back, and blocks calls of `add`. */
const script = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: (context, request) =>
    request.val.name === 'add'
      ? { tag: 'block', val: { code: 'NO_SUMS', reason: 'No sums of 4711.', description: '' } }
      : { tag: 'proceed' },
  afterDispatch: (context, response) => ({
    tag: 'modified', val: { ...response, val: { ...response.val, content: [{ tag: 'text', val: 'marked' }] } },
  }),
};`;

let bytes: Uint8Array;
let upstream: RawHttpServer;
beforeAll(async () => {
  const descriptor = { ...guestDescriptor('marks'), hooks: ['tool_pre_invoke', 'tool_post_invoke'] as const };
  bytes = await jsGuest(descriptor as never, script);
  upstream = await startRawHttpServer();
});
afterAll(() => upstream?.[Symbol.asyncDispose]());

const filesIn = (folder: string) =>
  readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .sort()
    .map(name => join(folder, name));
const eventsIn = (files: readonly string[]) =>
  files.flatMap(file =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(line => line.startsWith('{"') && line.endsWith('}'))
      .map(line => JSON.parse(line)),
  );

it('[AUD-20] the audit log answers who called what, whether it was allowed, by which rule, and which plugin changed it', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'audit.jsonl');
  const audit = { file, key_file: join(folder, 'keys', 'audit.key'), calls: true };
  const receipts = { key_file: join(folder, 'keys', 'receipts.key') };
  const scheme = async () => ({ subject: 'alice@example.com', tenant: 'acme', scopes: [], claims: {} }) as never;
  const allow = [{ tools: ['echo', 'add'] }];
  {
    const bindings = [{ id: 'main', upstreams: ['upstream'], transforms: ['marks'], allow }];
    const settings = { audit, receipts, bindings };
    await using gateway = await openHost([{ id: 'marks', bytes }], upstream.url, settings, { schemes: [scheme] });
    await gateway.call('echo', { text: 'a secret text' });
    await gateway.call('add').catch(() => {});
    await gateway.call('wait').catch(() => {});
  }
  const events = eventsIn([file]);
  const of = (event: string) => events.filter(each => each.event === event);
  const caller = { subject: 'alice@example.com', tenant: 'acme' };
  expect(of('authentication.accepted')).toMatchObject([{ ...caller, details: { address: '127.0.0.1' } }]);
  expect(of('access.refused')).toMatchObject([{ ...caller, details: { name: 'wait', decision: 'access_denied' } }]);
  const tools = of('call').filter(({ details }) => details.method === 'tools/call');
  const where = { binding: 'main', decision: 'allow', rule: 0 };
  expect(tools).toMatchObject([
    {
      ...caller,
      details: {
        ...{ ...where, name: 'echo', upstream: 'upstream', outcome: 'result', status: 200 },
        plugins: [{ plugin: 'marks', hook: 'tool_post_invoke', outcome: 'modified' }],
      },
    },
    {
      ...caller,
      details: {
        ...{ ...where, name: 'add', outcome: 'plugin_blocked' },
        plugins: [{ plugin: 'marks', hook: 'tool_pre_invoke', outcome: 'block', code: 'NO_SUMS' }],
      },
    },
    { ...caller, details: { binding: 'main', name: 'wait', decision: 'access_denied', outcome: 'access_denied' } },
  ]);
  expect(of('receipt').map(({ hook, outcome }) => `${hook} ${outcome}`)).toEqual([
    ...['tool_pre_invoke proceed', 'tool_post_invoke modified', 'tool_pre_invoke block'],
  ]);
  // The receipts of a call have its request id.
  expect(of('receipt')[0].request).toBe(tools[0].request);
  expect(readFileSync(file, 'utf8')).not.toMatch(/secret text|marked|4711/);
  expect(await verifyLedger([file], { keys: [] })).toMatchObject({ intact: true, notices: [] });
});

it('[AUD-21] the command verifies a log, prints its key and shows events of a caller', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'audit.jsonl');
  const keyFile = join(folder, 'audit.key');
  const config = join(folder, 'sallyport.yaml');
  const audit = { file, key_file: keyFile, calls: true };
  writeFileSync(
    config,
    stringify({
      ...{ audit, upstreams: [{ id: 'up', http: { url: upstream.url } }] },
      bindings: [{ id: 'main', upstreams: ['up'] }],
    }),
  );
  expect((await runCommand(['audit', 'key', '-c', config])).stderr).toContain('audit_unusable');
  {
    await using gateway = await openHost([], upstream.url, { audit });
    await gateway.call('echo', { text: 'hi' });
  }
  const key = join(folder, 'audit.pub.pem');
  writeFileSync(key, (await runCommand(['audit', 'key', '-c', config])).stdout);
  const { key: id } = await runJson(['audit', 'key', '-c', config]);

  const verified = await runJson(['audit', 'verify', '--key', key, file]);
  expect(verified).toMatchObject({ intact: true, first: 1, keys: [{ key: id, trusted: true }], problems: [] });
  const text = await runCommand(['audit', 'verify', '--key', key, '--expect-sequence', String(verified.last), file]);
  expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nintact\n$/) });
  const short = await runCommand([
    'audit',
    'verify',
    '--key',
    key,
    '--expect-sequence',
    String(verified.last + 1),
    file,
  ]);
  expect(short).toMatchObject({ code: 1, stdout: expect.stringContaining('cut_short') });

  const shown = await runCommand(['audit', 'show', '--event', 'call', '--since', '2020-01-01', file]);
  expect(
    shown.stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ')[2]),
  ).toEqual(expect.arrayContaining(['call']));
  const hostile = join(folder, 'hostile.jsonl');
  writeFileSync(hostile, `${JSON.stringify({ time: '2026-01-01T00:00:00Z', event: '\u202ecall\u009b2J' })}\n`);
  expect((await runCommand(['audit', 'show', hostile])).stdout).toBe(
    '2026-01-01T00:00:00Z - \\u202ecall\\u009b2J {}\n',
  );
  expect((await runCommand(['audit', 'show', '--json', '--plugin', 'none', file])).stdout).toBe('');
  expect((await runCommand(['audit', 'show', '--until', '2020-01-01', file])).stdout).toBe('');
  expect((await runCommand(['audit', 'show', '--since', 'yesterday', file])).code).toBe(2);
  expect((await runCommand(['audit', 'verify', join(folder, 'none')])).code).toBe(2);
  expect((await runCommand(['audit', 'verify', '--key', file, file])).stderr).toContain('key_invalid');

  writeFileSync(file, readFileSync(file, 'utf8').replace('"name":"echo"', '"name":"add"'));
  const changed = await runCommand(['audit', 'verify', '--key', key, file]);
  expect(changed).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/audit\.jsonl:\d+: changed: .*\n(.*\n)*NOT INTACT/),
  });
});

it('[AUD-29] a reload is recorded with what it changed, and so is one that was refused', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'audit.jsonl');
  {
    await using gateway = await openHost([], upstream.url, { audit: { file, key_file: join(folder, 'key') } });
    await gateway.host.reload(config => ({ ...config, limits: { ...config.limits, request_timeout_ms: 12_345 } }));
    await gateway.host.reload(config => ({ ...config, audit: { ...config.audit, calls: true } })).catch(() => {});
  }
  expect(eventsIn([file]).filter(({ event }) => event.startsWith('config.'))).toMatchObject([
    {
      event: 'config.reloaded',
      details: {
        ...{ triggers: ['program'], generation: 2, config: expect.stringMatching(/^sha256:/) },
        changes: [expect.stringContaining('request_timeout_ms')],
      },
    },
    { event: 'config.refused', details: { triggers: ['program'], codes: ['reload_refused'] } },
  ]);
});

it('[AUD-34] a start and an orderly end are recorded, with what was loaded', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'audit.jsonl');
  const audit = { file, key_file: join(folder, 'key') };
  const http = { url: upstream.url, headers: { authorization: 'Bearer s3cret' } };
  const settings = { audit, upstreams: [{ id: 'upstream', http }] };
  const run = async (more: object = {}) => {
    await using gateway = await openHost([{ id: 'marks', bytes }], upstream.url, { ...settings, ...more });
    return createHash('sha256')
      .update(canonicalJson(shownConfig(gateway.host.config)))
      .digest('hex');
  };
  const digests = [await run(), await run({ limits: { sessions: 77 } })];
  const events = eventsIn([file]).filter(({ event }) => event.startsWith('gateway.'));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const plugins = [{ plugin: 'marks', version: '0.1.0', digest }];
  expect(events).toMatchObject(
    digests.flatMap(config => [
      { event: 'gateway.started', details: { version, config: `sha256:${config}`, plugins } },
      { event: 'gateway.stopped', details: { version, seconds: expect.any(Number) } },
    ]),
  );
  expect(digests[0]).not.toBe(digests[1]);
  // They are the first and the last event between those of the log itself.
  const all = eventsIn([file]).map(({ event }) => event);
  expect(all.filter(event => !event.startsWith('audit.')).at(-1)).toBe('gateway.stopped');
  expect(all[2]).toBe('gateway.started');
});

describe('a gateway in a process of its own', () => {
  async function setUp(audit: object) {
    const folder = await temporaryFolder();
    const config = join(folder, 'sallyport.yaml');
    const settings = {
      ...{ listen: '127.0.0.1:0', plugins: [], upstreams: [{ id: 'up', http: { url: upstream.url } }] },
      bindings: [{ id: 'main', upstreams: ['up'] }],
      audit: { key_file: join(folder, 'audit.key'), calls: true, ...audit },
    };
    const change = (more: object) => writeFileSync(config, stringify(Object.assign(settings, more)));
    const start = async () => {
      change({});
      const child = spawn(process.execPath, [main, 'serve', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      let said = '';
      let out = '';
      child.stderr.on('data', text => {
        said += text;
      });
      child.stdout.on('data', text => {
        out += text;
      });
      await expect.poll(() => said).toContain('"msg":"serving"');
      const url = `${/"url":"([^"]+)"/.exec(said)?.[1]}/mcp`;
      return { child, url, out: () => out };
    };
    return { folder, start, change };
  }

  /** Calls over and over, until the gateway is gone or `isDone`. Returns the ids of requests that were answered. */
  async function load(url: string, isDone: () => boolean): Promise<number> {
    const post = (message: object, headers: Record<string, string> = {}) =>
      fetch(url, { method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(message) });
    const opened = await post(initialize());
    await opened.text();
    const session = opened.headers.get('mcp-session-id') ?? '';
    let answered = 0;
    const worker = async () => {
      while (!isDone()) {
        const answer = await post(call('echo', { text: 'x'.repeat(100) }), { 'mcp-session-id': session });
        if (answer.ok && (await answer.text()).includes('"result"')) answered += 1;
      }
    };
    await Promise.all([1, 2, 3, 4].map(() => worker().catch(() => {})));
    return answered;
  }

  const ended = (child: ChildProcess) => once(child, 'exit');

  it('[AUD-22] is killed under load again and again, and its log stays intact', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'audit.jsonl');
    const { start } = await setUp({ file, checkpoint: { lines: 20, seconds: 1 } });
    for (let round = 0; round < 4; round += 1) {
      const { child, url } = await start();
      const count = () => eventsIn([file]).filter(({ event }) => event === 'call').length;
      const before = count();
      const calls = load(url, () => false);
      await expect.poll(count).toBeGreaterThan(before + 40);
      child.kill('SIGKILL');
      await Promise.all([calls, ended(child)]);
    }
    const { child } = await start();
    child.kill('SIGTERM');
    await ended(child);
    const verified = await verifyLedger(filesIn(folder), { keys: [] });
    expect(verified).toMatchObject({ intact: true, problems: [] });
    expect(verified.notices.filter(({ message }) => message.includes('ended by force'))).toHaveLength(4);
  });

  it('[AUD-22] rotates under load by size, and when another program moves the file, without losing a call', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'audit.jsonl');
    const { start } = await setUp({ file, rotate: { bytes: 20_000 } });
    const { child, url } = await start();
    let isDone = false;
    const calls = load(url, () => isDone);
    await expect.poll(() => filesIn(folder).length).toBeGreaterThan(3);
    renameSync(file, join(folder, 'moved.jsonl'));
    child.kill('SIGHUP');
    const before = filesIn(folder).length;
    await expect.poll(() => filesIn(folder).length).toBeGreaterThan(before + 1);
    isDone = true;
    const answered = await calls;
    child.kill('SIGTERM');
    expect(await ended(child)).toEqual([0, null]);
    const files = filesIn(folder);
    expect(await verifyLedger(files, { keys: [] })).toMatchObject({ intact: true, first: 1, notices: [] });
    const made = eventsIn(files).filter(({ event, details }) => event === 'call' && details.method === 'tools/call');
    expect(made).toHaveLength(answered);
  });

  it('[AUD-35] is followed by the command, until SIGINT', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'audit.jsonl');
    const { start } = await setUp({ file, rotate: { bytes: 5_000 } });
    const { child, url } = await start();
    const shown = spawn(process.execPath, [main, 'audit', 'show', '--follow', '--json', file]);
    onTestFinished(() => void shown.kill('SIGKILL'));
    let text = '';
    shown.stdout.on('data', chunk => {
      text += chunk;
    });
    const seen = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line));
    await expect.poll(seen).toContainEqual(expect.objectContaining({ event: 'gateway.started' }));
    // How many events are written at once, and so how often it rotates, depends on the disk.
    await load(url, () => filesIn(folder).length > 3);
    child.kill('SIGTERM');
    await ended(child);
    const numbers = eventsIn(filesIn(folder)).map(({ seq }) => seq);
    await expect.poll(() => seen().length).toBe(numbers.length);
    expect(seen().map(({ seq }) => seq)).toEqual(numbers.toSorted((one, other) => one - other));
    shown.kill('SIGINT');
    expect(await ended(shown)).toEqual([0, null]);
  });

  it('[AUD-29] records what asked for each reload', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'audit.jsonl');
    const { start, change, folder: configFolder } = await setUp({ file });
    const token = join(configFolder, 'token');
    const secret = 'x'.repeat(40);
    writeFileSync(token, secret, { mode: 0o600 });
    change({ secrets: [{ name: 'admin-token', file: token }], admin: { token: 'admin-token' } });
    const { child, url } = await start();
    const reloads = () => eventsIn([file]).filter(({ event }) => event.startsWith('config.'));
    change({ limits: { session_idle_ms: 77_000 } });
    await expect.poll(reloads).toHaveLength(1);
    child.kill('SIGHUP');
    await expect.poll(reloads).toHaveLength(2);
    const answer = await fetch(new URL('/admin/reload', url), {
      ...{ method: 'POST', body: '{}' },
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    await expect.poll(reloads).toHaveLength(3);
    const reloaded = { event: 'config.reloaded' };
    expect(reloads()).toMatchObject([
      { ...reloaded, details: { triggers: ['files'] } },
      { ...reloaded, details: { triggers: ['SIGHUP'], changes: [] } },
      { ...reloaded, subject: 'admin', details: { triggers: ['admin'], changes: [] } },
    ]);
    child.kill('SIGTERM');
    await ended(child);
  });

  it('[AUD-23] writes its log to the standard output', async () => {
    const { folder, start } = await setUp({ sink: 'stdout' });
    const { child, url, out } = await start();
    const isDone = Array.from({ length: 20 }, () => false);
    await load(url, () => isDone.pop() ?? true);
    child.kill('SIGTERM');
    await ended(child);
    const file = join(folder, 'captured.jsonl');
    writeFileSync(file, out());
    const verified = await verifyLedger([file], { keys: [] });
    expect(verified).toMatchObject({ intact: true, notices: [] });
    expect(verified.signed?.seq).toBe(Number(verified.last) - 1);
    expect(eventsIn([file]).filter(({ event }) => event === 'call').length).toBeGreaterThan(10);
  });

  it('[AUD-24] does not start beside another gateway with the same file', async () => {
    const folder = await temporaryFolder();
    const { start } = await setUp({ file: join(folder, 'audit.jsonl') });
    const { child } = await start();
    await expect(
      openHost([], upstream.url, { audit: { file: join(folder, 'audit.jsonl'), key_file: join(folder, 'k') } }),
    ).rejects.toMatchObject({
      faults: [{ code: 'audit_unusable', details: { reason: expect.stringContaining('another gateway') } }],
    });
    child.kill('SIGKILL');
    await ended(child);
    // The lock does not outlive the process.
    await using _ = await openHost([], upstream.url, {
      audit: { file: join(folder, 'audit.jsonl'), key_file: join(folder, 'k') },
    });
  });
});
