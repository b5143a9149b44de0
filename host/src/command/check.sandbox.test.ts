import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type OperatorFolder, operatorFolder } from '../../../test/fixtures/operator-folder.ts';
import { flipped } from '../../../test/fixtures/signed-plugin.ts';
import { toFaults } from '../core/fault.ts';
import { check } from './check.ts';

const commandOf = ({ file }: OperatorFolder, more: { json?: boolean; frozen?: boolean } = {}) => ({
  ...{ config: file, json: false, frozen: false, allowDowngrade: false },
  ...more,
});

/** The codes of what a check refuses, each with its plugin. */
async function refusals(operator: OperatorFolder, more: { frozen?: boolean } = {}): Promise<string[]> {
  const error = await check(commandOf(operator, more)).then(
    text => Promise.reject(new Error(`accepted: ${text}`)),
    (error: unknown) => error,
  );
  return toFaults(error).map(({ code, details: { plugin } }) => [plugin, code].filter(Boolean).join(' '));
}

/** Lines that a command writes to stderr until the test ends. */
function stderrLines(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

it('[RUN-03] prints what was verified and granted of each plugin, and that the configuration is accepted', async () => {
  const operator = await operatorFolder();
  await operator.install('plain');
  await operator.install('timed', { optional_capabilities: ['clock'] });
  await operator.configure([{ id: 'plain' }, { id: 'timed', grants: { clock: {} } }]);
  expect((await check(commandOf(operator))).split('\n')).toEqual([
    expect.stringMatching(/^plain 0\.1\.0 sha256:[0-9a-f]{64} verified, granted: nothing$/),
    expect.stringMatching(/^timed 0\.1\.0 sha256:[0-9a-f]{64} verified, granted: /),
    `${operator.file}: OK`,
  ]);
  const { ok, plugins } = JSON.parse(await check(commandOf(operator, { json: true })));
  expect([ok, plugins]).toMatchObject([
    true,
    [
      { plugin: 'plain', signer: { by: 'trust', keyId: operator.keys.acme.keyId }, granted: [] },
      { plugin: 'timed', reference: join(operator.folder, 'timed.wasm') },
    ],
  ]);
});

describe('refuses', () => {
  it.each<readonly [string, (operator: OperatorFolder) => Promise<unknown>, string]>([
    ['a component that is absent', ({ folder }) => rm(join(folder, 'p.wasm')), 'p artifact_not_found'],
    ['a component without a signature', ({ folder }) => rm(join(folder, 'p.wasm.sig')), 'p signature_missing'],
    [
      'a component with one flipped bit',
      async operator => writeFile(join(operator.folder, 'p.wasm'), flipped(await operator.install('p'), -1)),
      'p signature_invalid',
    ],
    [
      'a component of another id',
      async operator => {
        const bytes = await operator.install('other');
        await writeFile(join(operator.folder, 'p.wasm'), bytes);
        await writeFile(join(operator.folder, 'p.wasm.sig'), operator.keys.acme.sign(bytes).signature);
      },
      'p plugin_id_mismatch',
    ],
    [
      'a plugin that needs what it is not granted',
      operator => operator.install('p', { required_capabilities: ['clock'] }),
      'p capability_ungranted',
    ],
    ['a configuration that is malformed', ({ file }) => writeFile(file, 'plugins: 7'), 'config_invalid'],
    ['a configuration that cannot be read', ({ file }) => rm(file), 'config_unreadable'],
  ])('[RUN-01] %s', async (_, spoil, refusal) => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.configure([{ id: 'p' }]);
    await spoil(operator);
    expect(await refusals(operator)).toContain(refusal);
  });

  it('[RUN-01] several plugins at once', async () => {
    const operator = await operatorFolder();
    await operator.install('a', {}, { by: operator.keys.other });
    await operator.install('b', { required_capabilities: ['clock'] });
    await operator.configure([
      { id: 'a', source: { file: './a.wasm', public_key: operator.keys.acme.pem } },
      { id: 'b' },
      { id: 'c' },
    ]);
    expect(await refusals(operator)).toEqual(
      expect.arrayContaining(['a signature_invalid', 'b capability_ungranted', 'c artifact_not_found']),
    );
  });

  it('[RUN-43] a frozen configuration without a lockfile', async () => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.configure([{ id: 'p' }]);
    expect(await refusals(operator, { frozen: true })).toEqual(['lock_frozen']);
  });
});

it('[CFG-09] warns about the command of an upstream that is not required', async () => {
  const operator = await operatorFolder({
    upstreams: [
      { id: 'upstream', http: { url: 'http://127.0.0.1:1/mcp' } },
      { id: 'optional', required: false, stdio: { command: 'no-such-server' } },
    ],
    bindings: [{ id: 'main', upstreams: ['upstream', 'optional'] }],
  });
  await operator.configure([]);
  const lines = stderrLines();
  expect(await check(commandOf(operator))).toBe(`${operator.file}: OK`);
  expect(lines.join('\n')).toMatch(/warning: upstream optional: .*no-such-server/);
});

it('ends when its signal aborts while a registry does not answer', async () => {
  const given = new AbortController();
  const registry = createServer(() => given.abort(new Error('enough'))).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => void registry.close());
  const operator = await operatorFolder();
  const { port } = registry.address() as AddressInfo;
  await operator.configure([{ id: 'p', source: { oci: `127.0.0.1:${port}/acme/p:1` } }]);
  const refused = await check(commandOf(operator), given.signal).catch(toFaults);
  expect(refused).toMatchObject([{ details: { plugin: 'p', hint: 'enough' } }]);
});
