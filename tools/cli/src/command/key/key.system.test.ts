import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { grantsSchema } from '../../../../../host/src/capability/registry.ts';
import { loadConfig } from '../../../../../host/src/config/load-config.ts';
import { silentLog } from '../../../../../host/src/core/log.ts';
import { createHost } from '../../../../../host/src/host/create-host.ts';
import { initialize, mcpHeaders } from '../../../../../test/fixtures/open-gateway.ts';
import { startRawHttpServer } from '../../../../../test/fixtures/raw-http-server.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';

let config: string;
let keys: string;
const rest = (url = 'http://127.0.0.1:9/mcp', allow = '') => `
listen: 127.0.0.1:0
upstreams: [{ id: up, required: false, http: { url: "${url}" } }]
bindings: [{ id: main, upstreams: [up] ${allow} }]
`;
const identity = 'identity: { schemes: [{ id: keys, api_keys: { file: keys.jsonl } }] }\n';

beforeEach(async () => {
  const folder = await temporaryFolder();
  [config, keys] = [join(folder, 'sallyport.yaml'), join(folder, 'keys.jsonl')];
  await writeFile(config, identity + rest());
});

const key = (...argv: string[]) => runCommand(['key', ...argv, '-c', config]);
const newKey = async (...argv: string[]) =>
  JSON.parse((await key('new', '--subject', 'ada', '--json', ...argv)).stdout);

describe('sallyport key [CLI-40]', () => {
  it('creates a key, which is printed once, and expires after 90 days', async () => {
    const { code, stdout } = await key('new', '--subject', 'ada', '--tenant', 'one', '--scope', 'b', '--scope', 'a');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^key: sallyport_\w+\nid: \w{12}\nsubject: ada\ntenant: one\nscopes: b a\nexpires: \S+\n$/);
    const [, expires = ''] = /expires: (\S+)/.exec(stdout) ?? [];
    expect((Date.parse(expires) - Date.now()) / 86_400_000).toBeCloseTo(90, 1);
    expect(await readFile(keys, 'utf8')).not.toContain(stdout.slice(28, 60));
  });

  it('lists keys without their secrets, and revokes them', async () => {
    expect((await key('list')).stdout).toBe('no keys\n');
    const { id, key: text } = await newKey('--expires', 'never');
    await newKey('--expires', '12h');
    const revoked = await key('revoke', id);
    expect(revoked).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\w{12} {2}revoked {2}ada .*never expires\n$/),
    });
    const { stdout } = await key('list', '--json');
    expect(JSON.parse(stdout).keys.map(({ state }: { state: string }) => state)).toEqual(['revoked', 'active']);
    expect(stdout).not.toContain('sha256');
    expect(stdout).not.toContain(text);
    expect(await key('revoke', id)).toMatchObject({ code: 0 });
    expect((await readFile(keys, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  const wrong: readonly [argv: string[], says: RegExp][] = [
    [['new'], /--subject/],
    [['new', '--subject', ''], /must not be empty/],
    [['new', '--subject', 'a', '--expires', 'soon'], /--expires takes 90d/],
    [['new', '--subject', 'a', '--expires', '2020-01-01'], /passed already/],
    [['new', '--subject', 'a', '--scheme', 'other'], /choose one of the schemes .*--scheme keys/],
    [['revoke', 'nothing'], /no key has this id/],
  ];
  it.each(wrong)('%j is refused, and nothing is written', async (argv, says) => {
    expect(await key(...argv)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
    await expect(readFile(keys)).rejects.toThrow('ENOENT');
  });

  it('says what to add to a configuration without API keys', async () => {
    await writeFile(config, rest());
    expect(await key('list')).toMatchObject({ code: 2, stderr: expect.stringMatching(/api_keys: \{ file/) });
  });

  it('creates no key in a file that cannot be read', async () => {
    await appendFile(keys, 'garbage\n');
    expect(await key('new', '--subject', 'ada')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/keys\.jsonl:1/),
    });
    expect(await readFile(keys, 'utf8')).toBe('garbage\n');
  });
});

describe('a gateway with API keys [GW-119]', () => {
  it('does not start without its file, and serves the caller of a key until it is revoked, in open streams too [GW-120] [GW-125]', async () => {
    await using server = await startRawHttpServer({});
    await writeFile(config, identity + rest(server.url, ', allow: [{}]'));
    const open = async () => createHost(await loadConfig(config, { grants: grantsSchema }), { log: silentLog() });
    await expect(open()).rejects.toThrow(/keys_unusable/);
    const [created, kept] = [await newKey(), await newKey()];
    await using host = await open();
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    const enter = async (authorization: string) => {
      const headers = { ...mcpHeaders, authorization };
      const response = await fetch(`${url}/mcp`, { method: 'POST', headers, body: JSON.stringify(initialize()) });
      await response.text();
      return response;
    };
    const statusWith = async (authorization: string) => (await enter(authorization)).status;
    expect(await statusWith(`Bearer ${created.key}`)).toBe(200);
    expect(await statusWith(`Bearer ${created.key}0`)).toBe(401);
    const stream = await openStream(url, created.key);
    const other = await openStream(url, kept.key);
    await key('revoke', created.id);
    await expect.poll(() => statusWith(`Bearer ${created.key}`)).toBe(401);
    await expect(stream.ended).rejects.toThrow(/terminated/);
    expect(await Promise.race([other.ended, Promise.resolve('open')])).toBe('open');
    other.close();

    async function openStream(at: string, text: string) {
      const session = await enter(`Bearer ${text}`);
      const leaving = new AbortController();
      const response = await fetch(`${at}/mcp`, {
        headers: {
          accept: 'text/event-stream',
          authorization: `Bearer ${text}`,
          'mcp-session-id': String(session.headers.get('mcp-session-id')),
        },
        signal: leaving.signal,
      });
      expect(response.status).toBe(200);
      const ended = response.text();
      ended.catch(() => {});
      return { ended, close: () => leaving.abort() };
    }
  });
});
