import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import type { HookName } from '../../host/src/contract/hook-name.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { type ReceiptLine, receiptSchema } from '../../host/src/hook/record/receipt-schema.ts';
import { checkAll } from '../../host/src/host/check-all.ts';
import type { Authenticate } from '../../host/src/identity/scheme.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost, writeHostFolder } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

/** Marks what passes, and calls the tool `echo` for the tool `nest`. */
const script = `
import { call } from 'sallyport:plugin/tool-call@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    if (request.tag === 'tool-call' && request.val.name === 'nest') {
      call('echo', '{"text":"nested"}');
      return { tag: 'respond', val: { tag: 'tool-result', val: { content: [], isError: false } } };
    }
    return { tag: 'proceed' };
  },
  afterDispatch(context, response) {
    if (response.tag !== 'tool-result') return { tag: 'proceed' };
    return { tag: 'modified', val: { ...response, val: { ...response.val, content: [{ tag: 'text', val: 'marked' }] } } };
  },
};`;

let bytes: Uint8Array;
let upstream: RawHttpServer;
beforeAll(async () => {
  const hooks: HookName[] = [
    'tool_pre_invoke',
    'tool_post_invoke',
    'tool_list',
    'prompt_post_fetch',
    'resource_pre_fetch',
  ];
  bytes = await jsGuest({ ...guestDescriptor('marks', { required_capabilities: ['tool_call'] }), hooks }, script);
  upstream = await startRawHttpServer();
});
afterAll(() => upstream?.[Symbol.asyncDispose]());

const plugin = () => ({ id: 'marks', bytes, grants: { tool_call: { tools: ['echo'] } } });
const scheme: Authenticate = async () => ({ subject: 'alice@example.com', tenant: 'acme', claims: {} }) as never;

const linesIn = (file: string): readonly ReceiptLine[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.includes('"event":"audit.'))
    .map(line => receiptSchema.parse(JSON.parse(line)));

it('[HOOK-120][HOOK-122] each hook call of every kind of request leaves a receipt, with the caller hashed', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'receipts.jsonl');
  const receipts = { file, key_file: join(folder, 'key') };
  {
    await using gateway = await openHost(
      [plugin()],
      upstream.url,
      { receipts, identity: 'none' },
      { schemes: [scheme] },
    );
    await gateway.client.listTools();
    await gateway.call('echo', { text: 'secret' });
    await gateway.client.getPrompt({ name: 'greet' });
    await gateway.client.readResource({ uri: 'raw://http/fixed' });
    await gateway.call('nest');
  }
  const lines = linesIn(file);
  const brief = lines.map(({ method, hook, outcome, request, call }) => [
    method,
    hook,
    outcome,
    request.includes('.') ? 'nested' : 'client',
    call,
  ]);
  expect(brief.filter(([method]) => method !== 'tools/list')).toEqual([
    ['tools/call', 'tool_pre_invoke', 'proceed', 'client', 1],
    ['tools/call', 'tool_post_invoke', 'modified', 'client', 2],
    ['prompts/get', 'prompt_post_fetch', 'proceed', 'client', 1],
    ['resources/read', 'resource_pre_fetch', 'proceed', 'client', 1],
    ['tools/call', 'tool_pre_invoke', 'proceed', 'nested', 1],
    ['tools/call', 'tool_post_invoke', 'modified', 'nested', 2],
    ['tools/call', 'tool_pre_invoke', 'respond', 'client', 1],
    ['tools/call', 'tool_post_invoke', 'modified', 'client', 2],
  ]);
  expect(brief).toContainEqual(['tools/list', 'tool_list', 'proceed', 'client', 1]);
  const [nested] = lines.filter(({ request }) => request.includes('.'));
  expect(lines.map(({ request }) => request)).toContain(nested?.request.replace('.1', ''));
  for (const line of lines) expect(line).toMatchObject({ tenant: 'acme', subject: lines[0]?.subject, plugin: 'marks' });
  expect(readFileSync(file, 'utf8')).not.toMatch(/alice|secret|marked|nested"/);
});

it.each(['block', 'drop'] as const)('[HOOK-123] a queue of one receipt serves every request: %s', async when_full => {
  const folder = await temporaryFolder();
  const file = join(folder, 'receipts.jsonl');
  const receipts = { file, key_file: join(folder, 'key'), queue: 1, when_full };
  let dropped = 0;
  {
    await using gateway = await openHost([plugin()], upstream.url, { receipts });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => gateway.call('echo', { text: String(n) })));
    expect(answers).toHaveLength(40);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    dropped = Number(/^sallyport_receipts_dropped_total(?:\{\})? (\d+)$/m.exec(metrics)?.[1]);
  }
  const written = linesIn(file).filter(({ method }) => method === 'tools/call');
  expect(written.length + dropped).toBe(80);
  if (when_full === 'block') expect(dropped).toBe(0);
  else expect(dropped).toBeGreaterThan(0);
});

it('[HOOK-124] log rotation loses no receipt', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'receipts.jsonl');
  {
    const receipts = { file, key_file: join(folder, 'key') };
    await using gateway = await openHost([plugin()], upstream.url, { receipts });
    await gateway.call('echo');
    renameSync(file, `${file}.1`);
    gateway.host.reopenFiles();
    await gateway.call('echo');
  }
  const calls = [...linesIn(`${file}.1`), ...linesIn(file)].filter(({ method }) => method === 'tools/call');
  expect(calls).toHaveLength(4);
  expect(linesIn(file).length).toBeGreaterThan(0);
});

it('[HOOK-124] a file that cannot be used stops the start', async () => {
  const folder = await temporaryFolder();
  for (const wrong of [{ file: folder }, { file: join(folder, 'f'), key_file: folder }]) {
    const receipts = { key_file: join(folder, 'key'), ...wrong };
    await expect(openHost([], upstream.url, { receipts })).rejects.toMatchObject({
      faults: [{ code: 'receipts_unusable', details: { file: folder } }],
    });
  }
});

it('[HOOK-124] check tries both files, and leaves neither behind', async () => {
  const folder = await temporaryFolder();
  const check = async (receipts: object) => {
    await using written = await writeHostFolder([], upstream.url, { receipts });
    return await checkAll(await loadConfig(written.file, { grants: grantsSchema }), silentLog());
  };
  const file = join(folder, 'receipts.jsonl');
  await check({ file, key_file: join(folder, 'state', 'key') });
  expect(readdirSync(folder)).toEqual([]);
  await expect(check({ file: folder, key_file: join(folder, 'key') })).rejects.toMatchObject({
    faults: [{ code: 'receipts_unusable', details: { file: folder } }],
  });
  await expect(check({ file, key_file: folder })).rejects.toMatchObject({ faults: [{ code: 'receipts_unusable' }] });
});

it('[HOOK-125] without the setting there is neither a file nor a key', async () => {
  await using gateway = await openHost([plugin()], upstream.url, {});
  await gateway.call('echo');
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).not.toContain('sallyport_receipts');
  expect(existsSync('receipts.jsonl')).toBe(false);
});
