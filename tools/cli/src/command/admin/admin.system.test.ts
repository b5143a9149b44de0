import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminGateway, adminToken, openAdminGateway } from '../../../../../test/fixtures/admin-gateway.ts';
import { jsGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';

const script = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'proceed' }),
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const opened = new AsyncDisposableStack();
let gateway: AdminGateway;
beforeAll(async () => {
  const bytes = await jsGuest(guestDescriptor('guard'), script);
  gateway = opened.use(await openAdminGateway({ admin: { allow_weaker_modes: true } }, [{ id: 'guard', bytes }]));
  const client = new Client({ name: 'test', version: '1' });
  opened.defer(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
  await client.callTool({ name: 'echo', arguments: { text: 'a' } });
});
afterAll(() => opened.disposeAsync());

const admin = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCommand(['admin', ...argv], {
    env: { SALLYPORT_ADMIN_URL: gateway.adminUrl, SALLYPORT_ADMIN_TOKEN: adminToken, ...env },
  });

describe('sallyport admin [CLI-70]', () => {
  it.each<[argv: string[], prints: RegExp]>([
    [['status'], /^version: \S+\nstarted: \S+Z\ngeneration: 1\n/],
    [['config'], /^ {2}token: admin-token$/m],
    [
      ['plugins'],
      /^PLUGIN +VERSION +MODE +STATE +SIGNER +BINDINGS\nguard +0\.1\.0 +enforce +active +[0-9a-f]{12} +main\n$/,
    ],
    [
      ['plugins', 'guard'],
      /^plugin: guard 0\.1\.0, transform\n[\s\S]*^verified: .*pinned[\s\S]*tool_pre_invoke +proceed/m,
    ],
    [['stats'], /^PLUGIN +CALLS +.*\nguard +[1-9]/],
    [['upstreams'], /^UPSTREAM .*\nupstream +http +reachable +/],
    [['bindings'], /^BINDING .*\nmain \(default\) +upstream +guard +- +1\n$/],
    [['sessions'], /^SESSION .*\n[0-9a-f]{16} +main +anonymous +-/],
    [['principals'], /^SUBJECT .*\nanonymous +- +anonymous/],
    [['reset', 'guard'], /^reset guard\n$/],
  ])('%j prints what people read', async (argv, prints) => {
    expect(await admin(argv)).toMatchObject({ code: 0, stdout: expect.stringMatching(prints), stderr: '' });
    const { code, stdout } = await admin([...argv, '--json']);
    expect([code, typeof JSON.parse(stdout)]).toEqual([0, 'object']);
  });

  it('changes the mode of a plugin, and says what changed', async () => {
    const steps: readonly (readonly [argv: string[], prints: RegExp])[] = [
      [['disable', 'guard', '--dry-run'], /mode enforce → disabled\n$/],
      [['disable', 'guard'], /mode enforce → disabled\ngeneration \d+ is in use\n$/],
      [['mode', 'guard', 'shadow'], /mode disabled → shadow\n/],
      [['enable', 'guard'], /mode shadow → enforce\n/],
      [['reload', 'guard'], /generation \d+ is in use\n$/],
    ];
    for (const [argv, prints] of steps) {
      expect([argv, await admin(argv)]).toEqual([argv, { code: 0, stdout: expect.stringMatching(prints), stderr: '' }]);
    }
    expect(await admin(['mode', 'guard', 'off'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/enforce/) });
    expect(await admin(['reload', '--dry-run'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^reload_unavailable/),
    });
  });

  it('ends a session by its handle', async () => {
    const { sessions } = JSON.parse((await admin(['sessions', '--json'])).stdout);
    expect(await admin(['end-session', sessions[0].handle])).toMatchObject({ code: 0 });
    expect(await admin(['end-session', sessions[0].handle])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^admin_target_unknown/),
    });
  });

  it('reads the token from a file, or URL and token from the configuration', async () => {
    const env = { SALLYPORT_ADMIN_TOKEN: undefined };
    expect(await admin(['status', '--token-file', join(gateway.folder, 'token')], env)).toMatchObject({ code: 0 });
    const { port } = new URL(gateway.url);
    const file = join(gateway.folder, 'other.yaml');
    await writeFile(
      file,
      JSON.stringify({
        ...{ listen: `127.0.0.1:${port}`, secrets: [{ name: 'admin-token', file: 'token' }] },
        admin: { token: 'admin-token' },
        upstreams: [{ id: 'u', http: { url: 'http://127.0.0.1:9/mcp' } }],
        bindings: [{ id: 'b', upstreams: ['u'] }],
      }),
    );
    expect(await runCommand(['admin', 'status', '-c', file], { env: {} })).toMatchObject({ code: 0 });
  });

  it.each<[what: string, argv: string[], env: NodeJS.ProcessEnv, code: number, says: RegExp]>([
    ['no token', ['status'], { SALLYPORT_ADMIN_TOKEN: undefined }, 2, /SALLYPORT_ADMIN_TOKEN/],
    ['a wrong token', ['status'], { SALLYPORT_ADMIN_TOKEN: 'wrong' }, 1, /^credentials_refused/],
    ['a URL that is none', ['status', '--url', 'gateway'], {}, 2, /--url takes a URL/],
    ['nothing that listens', ['status', '--url', 'http://127.0.0.1:1'], {}, 1, /^admin_unreachable/],
    ['a file that is missing', ['status', '--token-file', '/nothing/token'], {}, 2, /no such file/i],
    ['a plugin that is not there', ['plugins', 'nothing'], {}, 1, /^admin_target_unknown/],
    ['an id with slashes', ['reset', '../../x'], {}, 1, /^admin_target_unknown/],
    ['an id that would be another path', ['reload', '..'], {}, 2, /^usage[\s\S]*not a valid id/],
    ['no id', ['reset', ''], {}, 2, /^usage/],
    ['a page that is not a number', ['sessions', '--limit', 'x'], {}, 1, /^admin_input_invalid.*query\.limit/],
  ])('reports %s', async (_, argv, env, code, says) => {
    expect(await admin(argv, env)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
  });

  it('sends no token over plain http to another machine, unless it is told to', async () => {
    const sent: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      sent.push(headers.authorization);
      response.end('{"version":"1"}');
    }).listen(0, '127.0.0.1');
    opened.defer(() => void server.close());
    await new Promise(resolve => server.once('listening', resolve));
    // This address leads to this machine too, and says nothing about it.
    const url = `http://0.0.0.0:${(server.address() as AddressInfo).port}`;
    expect(await admin(['status', '--url', url])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^usage[\s\S]*unencrypted to another machine[\s\S]*--plain-http/),
    });
    expect(sent).toEqual([]);
    expect(await admin(['status', '--url', url, '--plain-http'])).toMatchObject({ code: 0 });
    expect(sent).toEqual([`Bearer ${adminToken}`]);
  });

  it.each<[what: string, answer: (response: ServerResponse) => void, says: RegExp]>([
    ['that is no gateway', response => response.writeHead(500).end('<html>'), /^admin_unreachable.*status 500/],
    [
      'that redirects, which is not followed',
      response => response.writeHead(307, { location: gateway.adminUrl }).end(),
      /^admin_unreachable.*status 307/,
    ],
    [
      'that closes within its answer',
      response => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        setImmediate(() => response.destroy());
      },
      /^admin_unreachable/,
    ],
    [
      'whose answer does not end',
      response => {
        const more = Buffer.alloc(1024 * 1024, ' ');
        const write = () => response.destroyed || response.write(more, write);
        response.writeHead(200);
        write();
      },
      /^admin_unreachable.*more than 64 MiB/,
    ],
  ])('reports a server %s', async (_, answer, says) => {
    const server = createServer((_incoming, response) => answer(response)).listen(0, '127.0.0.1');
    opened.defer(() => void server.close());
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await admin(['status', '--url', `http://127.0.0.1:${port}`]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(says)]);
  });
});
