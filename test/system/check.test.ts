import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import type { Faults } from '../../host/src/core/fault.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { dummyGuest, jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { operatorFolder } from '../fixtures/operator-folder.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const script = `
import { get } from 'sallyport:plugin/kv-store@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
globalThis.keep = [get, send];
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`;

async function folderWith(
  more: Record<string, unknown>,
  { outbound = {}, kv = {} }: { outbound?: object; kv?: object },
) {
  const operator = await operatorFolder({
    upstreams: [{ id: 'upstream', required: false, http: { url: 'http://127.0.0.1:1/mcp' } }],
    ...more,
  });
  const bytes = await jsGuest(
    guestDescriptor('keeps', { required_capabilities: ['kv_store', 'outbound_http'] }),
    script,
  );
  await writeFile(join(operator.folder, 'keeps.wasm'), bytes);
  await writeFile(join(operator.folder, 'keeps.wasm.sig'), operator.keys.acme.sign(bytes).signature);
  const grants = { kv_store: kv, outbound_http: { allow: ['https://api.example.com'], ...outbound } };
  await operator.configure([{ id: 'keeps', grants }]);
  return operator;
}

/** The problems with which serving such a folder ends, and its exit code. */
async function served(file: string) {
  try {
    await using _host = await createHost(await loadConfig(file, { grants: grantsSchema }), { log: silentLog() });
    return undefined;
  } catch (error) {
    const { faults, exit } = error as Faults;
    return { codes: faults.map(({ code }) => code), exit };
  }
}

describe('sallyport check', () => {
  it('[CAP-77] accepts what start would open, and leaves nothing behind', async () => {
    const state = await temporaryFolder();
    const operator = await folderWith(
      {
        secrets: [{ name: 'a', file: join(state, 'a') }],
        kv: { path: join(state, 'deep/er/kv.sqlite') },
        audit: { file: join(state, 'audit.jsonl') },
      },
      {},
    );
    await writeFile(join(state, 'a'), 'a value');
    expect(await operator.run('check')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/sallyport.yaml: OK\n/),
    });
    expect(await readdir(state)).toEqual(['a']);
    expect(await served(operator.file)).toBeUndefined();
    expect(existsSync(join(state, 'deep/er/kv.sqlite'))).toBe(true);
    expect(await operator.run('check')).toMatchObject({ code: 0 });
  });

  it('[CAP-77] tells all that cannot be opened at once, as start does', async () => {
    const state = await temporaryFolder();
    await writeFile(join(state, 'file'), '');
    const operator = await folderWith(
      {
        secrets: [
          { name: 'a', file: join(state, 'none') },
          { name: 'b', env: 'SALLYPORT_NOT_SET' },
        ],
        kv: { path: join(state, 'file/kv.sqlite') },
        audit: { file: join(state, 'no/audit.jsonl') },
      },
      {},
    );
    await writeFile(join(operator.folder, 'keeps.wasm.sig'), new Uint8Array(64));
    const codes = ['secret_unavailable', 'secret_unavailable', 'audit_unusable', 'kv_unusable', 'signature_invalid'];
    const { code, stdout } = await operator.run('check', '--json');
    const { problems } = JSON.parse(stdout) as { problems: { code: string; file?: string }[] };
    expect(problems.map(problem => problem.code)).toEqual(codes);
    expect(problems.map(problem => problem.file)).toEqual(
      expect.arrayContaining([join(state, 'none'), join(state, 'no/audit.jsonl'), join(state, 'file/kv.sqlite')]),
    );
    expect(await served(operator.file)).toEqual({ codes, exit: code });
    expect((await readdir(state)).toSorted()).toEqual(['file']);
  });

  it('[CAP-77] tells of certificates that cannot be read', async () => {
    const state = await temporaryFolder();
    const operator = await folderWith({ kv: { store: 'memory' } }, { outbound: { ca_file: join(state, 'none.pem') } });
    const { code, stdout } = await operator.run('check', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ code: 'egress_file_unreadable', plugin: 'keeps' }] });
    expect(await served(operator.file)).toEqual({ codes: ['egress_file_unreadable'], exit: code });
  });

  it('[CFG-09] tells of commands and folders of upstreams that are not there, together with all else', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'plain'), '');
    const operator = await operatorFolder({
      upstreams: [
        { id: 'absent', stdio: { command: 'no-such-server' } },
        { id: 'plain', stdio: { command: './plain', cwd: folder } },
        { id: 'nowhere', stdio: { command: 'cat', cwd: join(folder, 'no') } },
        { id: 'elsewhere', stdio: { command: 'cat', env: { PATH: folder } } },
        { id: 'there', stdio: { command: 'cat', cwd: folder } },
        { id: 'optional', required: false, stdio: { command: 'no-such-server' } },
      ],
      bindings: [{ id: 'main', upstreams: ['there'] }],
    });
    await operator.configure([{ id: 'gone', source: { file: './gone.wasm' } }]);
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => said.mockRestore());
    const { code, stdout } = await operator.run('check', '--json');
    expect(code).toBe(5);
    const { problems } = JSON.parse(stdout) as { problems: Record<string, string>[] };
    expect(problems.map(({ code, upstream, plugin, hint }) => [code, upstream ?? plugin, hint])).toEqual([
      ['upstream_unavailable', 'absent', expect.stringMatching(/`stdio.command` no-such-server: .* PATH/)],
      ['upstream_unavailable', 'plain', expect.stringMatching(/cannot execute .*permission denied/)],
      ['upstream_unavailable', 'nowhere', expect.stringMatching(/`stdio.cwd`.*no such file or folder/)],
      ['upstream_unavailable', 'elsewhere', expect.stringMatching(/`stdio.command` cat: .* PATH/)],
      ['artifact_not_found', 'gone', expect.stringMatching(/^Check the path/)],
    ]);
    expect(said).toHaveBeenCalledWith(
      'warning: upstream optional: cannot find `stdio.command` no-such-server: it is not on the PATH of the gateway',
    );
  });

  it('[UP-26] tells of a variable that names no proxy', async () => {
    vi.stubEnv('HTTPS_PROXY', 'ftp://proxy.test');
    onTestFinished(() => void vi.unstubAllEnvs());
    const operator = await operatorFolder({});
    await operator.configure([]);
    const { code, stdout } = await operator.run('check', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout).problems).toMatchObject([{ code: 'proxy_invalid', variable: 'HTTPS_PROXY' }]);
  });

  it('[CFG-02] tells of references and keys with their places, together with all else', async () => {
    const operator = await operatorFolder({
      listn: 'x',
      trust: {
        keys: [
          { id: 'a', pem: 'none' },
          { id: 'b', file: 'b.pem' },
        ],
      },
    });
    await writeFile(join(operator.folder, 'b.pem'), 'none either');
    await operator.configure([{ id: 'x', source: { oci: 'ghcr.io/acme/x' } }]);
    const { code, stdout } = await operator.run('check', '--json');
    const { problems } = JSON.parse(stdout) as { problems: Record<string, unknown>[] };
    expect(problems.map(({ code, path, line }) => [code, path, typeof line])).toEqual([
      ['key_invalid', 'trust.keys.0.pem', 'number'],
      ['key_invalid', 'trust.keys.1.file', 'number'],
      ['reference_invalid', 'plugins.0.source.oci', 'number'],
      ['config_invalid', 'listn', 'number'],
    ]);
    expect(code).toBe(4);
  });

  it.skipIf(process.getuid?.() === 0)('[CAP-77] tells of a folder that may not be written to', async () => {
    const state = await temporaryFolder();
    await mkdir(join(state, 'shut'));
    await chmod(join(state, 'shut'), 0o500);
    const operator = await folderWith({ kv: { path: join(state, 'shut/kv.sqlite') } }, {});
    const { stdout } = await operator.run('check', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ code: 'kv_unusable' }] });
  });
});

describe('a component whose types are not those of the contract', () => {
  it('[SBX-86] is refused by check, serve and plugin test alike, and plugin inspect says where it differs', async () => {
    const operator = await operatorFolder();
    const bytes = await dummyGuest(guestDescriptor('typed'), wit =>
      wit.replace('set: func(key: string, value', 'set: func(key: tuple<f64, u32>, value'),
    );
    const component = join(operator.folder, 'typed.wasm');
    await writeFile(component, bytes);
    await writeFile(`${component}.sig`, operator.keys.acme.sign(bytes).signature);
    await operator.configure([{ id: 'typed' }]);
    const differs =
      /import: sallyport:plugin\/context@0\.1\.0, function: set, differs: parameter key, expected: string, found: tuple<f64, u32>/;

    const checked = await operator.run('check');
    expect(checked).toMatchObject({ code: 4, stderr: expect.stringMatching(/contract_mismatch/) });
    expect(checked.stderr).toMatch(differs);
    expect(checked.stderr).toContain('typed');
    expect(await served(operator.file)).toEqual({ codes: ['contract_mismatch'], exit: 4 });
    const folder = join(import.meta.dirname, '../../plugins-examples/redact-emails');
    const tested = await runCommand(['plugin', 'test', '--component', component, folder]);
    expect(tested.code).not.toBe(0);
    expect(tested.stderr).toMatch(differs);
    const inspected = await runCommand(['plugin', 'inspect', component]);
    expect(inspected).toMatchObject({ code: 0, stdout: expect.stringMatching(differs) });
  });
});
