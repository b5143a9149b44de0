import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { AccountStore } from '../../../../../host/src/state/account/account-store.ts';
import { KeyRing } from '../../../../../host/src/state/account/key-ring.ts';
import { openSqliteKv } from '../../../../../host/src/state/sqlite/kv.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';

const key = randomBytes(32);
let folder: string;
let file: string;

/** Starts a revocation endpoint, which answers with this status. */
async function startRevocation(status: number) {
  const asked: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(request))));
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? '' : '{"error":"no"}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>(resolve => void server.close(() => resolve())));
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/revoke` };
}

const token_url = 'http://127.0.0.1:9/token';
const writeConfig = (revocation_url?: string, secretKey = key.toString('base64')) =>
  Promise.all([
    writeFile(join(folder, 'key'), secretKey),
    writeFile(
      file,
      stringify({
        listen: '127.0.0.1:0',
        secrets: [{ name: 'key', file: './key' }],
        identity: { public_url: 'http://127.0.0.1:8800', schemes: [{ id: 'staff', oauth: { issuer: 'https://idp' } }] },
        accounts: {
          ...{ sign_in: [{ scheme: 'staff', client_id: 'x' }], encryption_keys: ['key'], path: './accounts.sqlite' },
        },
        upstreams: [
          {
            ...{ id: 'tickets', required: false, http: { url: 'http://127.0.0.1:9/mcp' } },
            auth: {
              authorization_code: {
                ...{ token_url, authorization_url: 'http://127.0.0.1:9/authorize', client_id: 'gateway' },
                ...(revocation_url !== undefined && { revocation_url }),
              },
            },
          },
        ],
        bindings: [{ id: 'main', upstreams: ['tickets'], allow: [{}] }],
      }),
    ),
  ]);

async function connectAccounts(...principals: readonly (readonly [string, string | null, string])[]) {
  await using values = openSqliteKv(join(folder, 'accounts.sqlite'));
  const store = new AccountStore(values, new KeyRing([key]));
  for (const principal of principals) {
    await store.save(
      { upstream: 'tickets', principal: JSON.stringify(principal) },
      {
        ...{ accessToken: 'an-access-token', refreshToken: `refresh-token-of-${principal[2]}`, scopes: ['read'] },
        ...{ server: JSON.stringify([token_url, 'gateway']), connectedAt: Date.parse('2027-01-31T00:00:00Z') },
      },
    );
  }
}

const account = (...argv: string[]) => runCommand(['account', ...argv, '-c', file]);

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'sallyport.yaml');
  await writeConfig();
});

describe('sallyport account [UP-57]', () => {
  it('lists the accounts without their tokens', async () => {
    expect((await account('list')).stdout).toBe('no accounts\n');
    expect(existsSync(join(folder, 'accounts.sqlite'))).toBe(false);
    await connectAccounts(['staff', null, 'ada'], ['staff', 'acme', 'bob']);
    const { stdout } = await account('list');
    expect(stdout).toBe(
      'tickets  connected  bob  tenant acme  scheme staff  scopes read  connected 2027-01-31T00:00:00.000Z\n' +
        'tickets  connected  ada  scheme staff  scopes read  connected 2027-01-31T00:00:00.000Z\n',
    );
    const { stdout: json } = await account('list', '--json');
    expect(JSON.parse(json).accounts).toHaveLength(2);
    expect(json).not.toContain('token');
  });

  it('removes an account, and revokes its refresh token at the server', async () => {
    const { url, asked } = await startRevocation(200);
    await writeConfig(url);
    await connectAccounts(['staff', null, 'ada'], ['staff', 'acme', 'ada'], ['staff', null, 'bob']);
    const { code, stdout } = await account('revoke', 'tickets', 'ada', '--tenant', 'acme');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^removed tickets {2}connected {2}ada {2}tenant acme .*: revoked at its server\n$/),
    });
    expect(asked).toEqual([{ token: 'refresh-token-of-ada', client_id: 'gateway' }]);
    expect((await account('list')).stdout.match(/ada|bob/g)).toEqual(['ada', 'bob']);
    await account('revoke', 'tickets', 'ada');
    expect((await account('list')).stdout.match(/ada|bob/g)).toEqual(['bob']);
  });

  it.each([
    { what: 'has no endpoint for that', url: async () => undefined },
    { what: 'refuses', url: async () => (await startRevocation(400)).url },
    { what: 'cannot be reached', url: async () => 'http://127.0.0.1:9/revoke' },
  ])('removes an account also if its server $what, and says so', async ({ url }) => {
    await writeConfig(await url());
    await connectAccounts(['staff', null, 'ada']);
    const { code, stdout } = await account('revoke', 'tickets', 'ada');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^removed .*: not revoked at its server, because \S+/);
    expect(stdout).not.toContain('refresh-token');
    expect((await account('list')).stdout).toBe('no accounts\n');
  });

  it('lists and removes accounts whose key is lost', async () => {
    await connectAccounts(['staff', null, 'ada']);
    await writeConfig(undefined, randomBytes(32).toString('hex'));
    expect((await account('list')).stdout).toBe('tickets  unreadable  ada  scheme staff\n');
    expect((await account('revoke', 'tickets', 'ada')).stdout).toContain('its token cannot be decrypted');
  });

  it('refuses an invalid key, as a check of the configuration does', async () => {
    await writeConfig(undefined, 'a password');
    for (const { code, stderr } of [await account('list'), await runCommand(['check', '-c', file])]) {
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('openssl rand -base64 32') });
    }
  });

  it('reports that there is no such account', async () => {
    await connectAccounts(['staff', null, 'ada']);
    const { code, stderr } = await account('revoke', 'tickets', 'eve');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('no such account') });
  });
});
