import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type AdminGateway, adminToken, openAdminGateway } from '../../../../../test/fixtures/admin-gateway.ts';
import { type RawHttpServer, startRawHttpServer } from '../../../../../test/fixtures/raw-http-server.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';

const opened = new AsyncDisposableStack();
let gateway: AdminGateway;
let server: RawHttpServer;
beforeAll(async () => {
  server = opened.use(await startRawHttpServer({ name: 'crm' }));
  const registration = { path: 'registered.json', allow_private: ['127.0.0.0/8'] };
  gateway = opened.use(await openAdminGateway({ admin: { registration } }));
});
afterAll(() => opened.disposeAsync());

const admin = (argv: readonly string[], stdin?: string) =>
  runCommand(['admin', ...argv], {
    env: { SALLYPORT_ADMIN_URL: gateway.adminUrl, SALLYPORT_ADMIN_TOKEN: adminToken },
    ...(stdin !== undefined && { stdin }),
  });
const written = async (entry: object) => {
  const file = join(gateway.folder, 'entry.yaml');
  await writeFile(file, stringify(entry));
  return file;
};

describe('sallyport admin register [CLI-80]', () => {
  it('registers, updates and unregisters', async () => {
    const crm = { id: 'crm', http: { url: server.url } };
    const tried = await admin(['register', 'upstream', await written(crm), '--dry-run']);
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringMatching(/^upstream crm added\n(etag: "\w+"\n)?$/) });
    const added = await admin(['register', 'upstream', await written(crm)]);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^upstream crm added\ngeneration 2 /) });
    const binding = await admin(['register', 'binding', '-'], '{"id": "sales", "upstreams": ["crm"]}');
    expect(binding).toMatchObject({ code: 0, stdout: expect.stringContaining('binding sales added') });

    const changed = await written({ ...crm, timeout_ms: 7_000 });
    const stale = await admin(['update', 'upstream', changed, '--if-match', '"x"']);
    expect(stale).toMatchObject({ code: 1, stderr: expect.stringMatching(/^registration_outdated/) });
    const updated = await admin(['update', 'upstream', changed, '--json']);
    expect(JSON.parse(updated.stdout)).toMatchObject({ id: 'crm', changes: ['upstream crm: timeout_ms none → 7000'] });

    const used = await admin(['unregister', 'upstream', 'crm']);
    expect(used).toMatchObject({ code: 1, stderr: expect.stringMatching(/^registration_in_use.*sales/) });
    expect(await admin(['unregister', 'binding', 'sales'])).toMatchObject({ code: 0 });
    expect(await admin(['unregister', 'upstream', 'crm'])).toMatchObject({ code: 0 });
  });

  it('prints what is wrong with an entry, once', async () => {
    const command = await written({ id: 'shell', stdio: { command: 'sh' } });
    const refused = await admin(['register', 'upstream', command]);
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^config_invalid: .*shell: stdio: commands cannot be registered/),
    });
    const unknown = await admin(['unregister', 'binding', 'nothing']);
    expect(unknown.stderr.match(/registration_unknown/g)).toHaveLength(1);
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ['a kind that is none', ['register', 'plugin', 'x.yaml'], 2, /KIND|plugin/],
    ['a file that is missing', ['register', 'upstream', '/nothing/crm.yaml'], 2, /no such file/i],
    ['an entry that is none', ['register', 'upstream', '-'], 3, /^stdin:1:1: config_invalid/],
    ['an entry without an id', ['update', 'binding', '-'], 3, /config_invalid|no id/],
    ['what nothing has', ['unregister', 'binding', 'nothing'], 1, /^registration_unknown/],
  ])('reports %s', async (_, argv, code, says) => {
    expect(await admin(argv, '[]')).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
  });
});
