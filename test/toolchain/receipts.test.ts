import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { digestOf } from '../../host/src/core/digest.ts';
import { type ReceiptLine, receiptSchema } from '../../host/src/hook/record/receipt-schema.ts';
import { type HostedPlugin, openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { rustExample } from '../fixtures/rust-guest.ts';
import { itWith } from '../prerequisite.ts';

/** What a client and the upstream write to each other, none of which a receipt may have. */
const secrets = ['alice@example.com', '4111 1111 1111 1111', 'Alice Cooper', 'city = 7', 'debugging', 'bob'];
const [address, card, person, where, debug, name] = secrets as [string, string, string, string, string, string];

const tools = [
  {
    name: 'find',
    inputSchema: { type: 'object', properties: { query: { type: 'string' }, debug: {} } },
    outputSchema: { type: 'object', properties: { email: { type: 'string' } } },
  },
];
const found = {
  content: [{ type: 'text', text: `${person} <${address}>` }],
  structuredContent: { email: address, [name]: `card ${card}` },
};

const plugins = [
  { id: 'mask-pii', limits: { fuel: 1_000_000_000, timeout_ms: 20_000 } },
  { id: 'sql-guard', config: { dialect: 'postgres', tools: { find: ['query'] } } },
  { id: 'strip-fields', config: { arguments: ['$.debug'] } },
];

itWith('wasm-ld-22')(
  '[HOOK-120][HOOK-121][HOOK-122] real plugins leave receipts that name what they did, and nothing of what they saw',
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-receipts-'));
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const built: HostedPlugin[] = [];
    for (const plugin of plugins) {
      built.push({ ...plugin, bytes: await rustExample(plugin.id) });
    }
    await using upstream = await startRawHttpServer({ results: { 'tools/list': { tools } } });
    upstream.raw.answers.set('tools/call', `"result":${JSON.stringify(found)}`);
    const file = join(folder, 'receipts.jsonl');
    const receipts = { file, key_file: join(folder, 'key') };
    let blocked: unknown;
    {
      await using gateway = await openHost(built, upstream.url, { receipts });
      await gateway.client.listTools();
      const call = (query: string) => gateway.call('find', { query, debug, [name]: where });
      expect(JSON.stringify(await call(`SELECT 1 WHERE ${where}`))).not.toContain(address);
      await call(`SELECT 1 WHERE ${where}`);
      blocked = await call(`DROP TABLE t; -- ${where}`).catch((error: unknown) => error);
    }
    expect(String(blocked)).toContain('Error');

    const text = await readFile(file, 'utf8');
    for (const secret of secrets) expect(text).not.toContain(secret);
    const lines = text
      .trimEnd()
      .split('\n')
      .filter(line => !line.includes('"event":"audit.'))
      .map(line => receiptSchema.parse(JSON.parse(line)));
    const of = (plugin: string, hook: string) => lines.filter(line => line.plugin === plugin && line.hook === hook);
    const mask = of('mask-pii', 'tool_post_invoke');
    const about = { v: 1, binding: 'main', upstream: 'upstream', method: 'tools/call', tool: 'find', mode: 'enforce' };
    const wasm = built.find(({ id }) => id === 'mask-pii')?.bytes ?? new Uint8Array();
    const masked: Partial<ReceiptLine> = {
      ...{ version: '0.1.0', digest: digestOf(wasm), outcome: 'modified' },
      paths: ['/content/0/text', '/structuredContent/email', '/structuredContent/*'],
    };
    expect(mask).toMatchObject([{ ...about, ...masked }, masked]);
    const [first, second] = mask;
    expect(first?.before).not.toBe(first?.after);
    expect([first?.before, first?.after]).toEqual([second?.before, second?.after]);
    expect(first?.fuel).toBeGreaterThan(1_000);
    expect(second?.fuel).toBe(first?.fuel);
    expect(of('strip-fields', 'tool_pre_invoke')).toMatchObject([
      { outcome: 'modified', paths: ['/arguments/debug'] },
      { outcome: 'modified', paths: ['/arguments/debug'] },
    ]);
    expect(of('sql-guard', 'tool_pre_invoke').map(({ outcome }) => outcome)).toEqual(['proceed', 'proceed', 'block']);
    const calls = lines.filter(({ method }) => method === 'tools/call');
    expect(new Set(calls.map(({ request }) => request)).size).toBe(3);
  },
);
