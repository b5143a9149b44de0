import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dummyGuest } from '../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../test/fixtures/guest-descriptor.ts';
import { type OperatorFolder, operatorFolder } from '../../../test/fixtures/operator-folder.ts';
import { componentWith } from '../../../test/fixtures/signed-plugin.ts';
import { capabilities, grantsSchema } from '../capability/registry.ts';
import { loadConfig } from '../config/load-config.ts';
import { Fault, toFaults } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { createWasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
import { fileSource } from '../source/file.ts';
import { createVerifier } from '../verify/verifier.ts';
import { loadPlugins } from './load.ts';
import type { Plugin } from './plugin.ts';

/** Loads what the folder's configuration names, each from its file. */
async function load(operator: OperatorFolder, more: { lock?: Lock; signal?: AbortSignal } = {}) {
  const config = await loadConfig(operator.file, { grants: grantsSchema });
  const log = silentLog();
  return loadPlugins(config.plugins, {
    source: ({ file = '' }) => fileSource(file, operator.folder),
    verifier: createVerifier({ trust: config.trust, requireSigned: true, log }),
    runtime: createWasmRuntime({ capabilities, cacheDir: config.cache_dir, log }),
    capabilities,
    limits: config.limits.plugin,
    ...more,
  });
}

const refusals = (loading: Promise<readonly Plugin[]>): Promise<string[]> =>
  loading.then(
    () => Promise.reject(new Error('accepted')),
    (error: unknown) => toFaults(error).map(({ code, details: { plugin } }) => `${plugin} ${code}`),
  );

async function put({ folder, keys }: OperatorFolder, id: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, `${id}.wasm`), bytes);
  await writeFile(join(folder, `${id}.wasm.sig`), keys.acme.sign(bytes).signature);
}

it('[CAP-01] returns what the bytes say, in the order of the configuration, with what was granted', async () => {
  const operator = await operatorFolder();
  const fields = { version: '1.2.3', payload: ['blob'], optional_capabilities: ['clock', 'random'] };
  const guest = { fields: '(import "sallyport:plugin/clock@0.1.0" "now-ms" (func $now (result i64)))' };
  await operator.install('asks', fields, { guest });
  await operator.install('plain', { hooks: ['tool_post_invoke'] });
  await operator.configure([{ id: 'plain' }, { id: 'asks', grants: { clock: {} } }]);
  const [plain, asks, ...rest] = await load(operator);
  expect(rest).toEqual([]);
  expect(plain).toMatchObject({
    ...{ id: 'plain', version: '0.1.0', granted: [], seesBlobs: false },
    ...{ signer: { by: 'trust', keyId: operator.keys.acme.keyId } },
  });
  expect([...(plain?.hooks ?? [])]).toEqual(['tool_post_invoke']);
  expect(asks).toMatchObject({ id: 'asks', version: '1.2.3', granted: ['clock'], seesBlobs: true });
  expect(asks?.imports).toContain('sallyport:plugin/clock@0.1.0');
});

it.each<readonly [string, (operator: OperatorFolder) => Promise<unknown>, object, readonly string[]]>([
  ['absent', ({ folder }) => rm(join(folder, 'p.wasm')), {}, ['p artifact_not_found']],
  ['without a signature', async operator => rm(join(operator.folder, 'p.wasm.sig')), {}, ['p signature_missing']],
  ['not a component', operator => put(operator, 'p', Buffer.from('#!/bin/sh')), {}, ['p component_malformed']],
  [
    'a component without the exports of its kind',
    operator => put(operator, 'p', componentWith(guestDescriptor('p'))),
    {},
    ['p export_missing', 'p export_missing'],
  ],
  [
    'built against another contract',
    async operator => {
      const descriptor = guestDescriptor('p');
      const bytes = await dummyGuest(descriptor, wit => wit.replace('configure: func(', 'configure: func(more: u8, '));
      await put(operator, 'p', bytes);
    },
    {},
    ['p contract_mismatch'],
  ],
  [
    'configured against its own schema',
    operator => operator.install('p', { config_schema: { type: 'object', required: ['mode'] } }),
    {},
    ['p plugin_config_invalid'],
  ],
  ['granted what it never declared', async () => {}, { grants: { clock: {} } }, ['p grant_unasked']],
])('[RUN-01] refuses a plugin: %s', async (_, spoil, settings, codes) => {
  const operator = await operatorFolder();
  await operator.install('p');
  await operator.configure([{ id: 'p', ...settings }]);
  await spoil(operator);
  expect(await refusals(load(operator))).toEqual(codes);
});

it('[RUN-01] reports every plugin that does not load, and not only the first', async () => {
  const operator = await operatorFolder();
  await operator.install('good');
  await operator.install('needy', { required_capabilities: ['clock', 'random'] });
  await operator.configure([{ id: 'absent' }, { id: 'good' }, { id: 'needy' }]);
  const found = await refusals(load(operator));
  expect(found.toSorted()).toEqual([
    ...['absent artifact_not_found', 'needy capability_ungranted', 'needy capability_ungranted'],
  ]);
});

it('[RUN-41] compares with the lock before anything is compiled, and reports its refusal with that of the grants', async () => {
  const operator = await operatorFolder();
  await operator.install('p', { required_capabilities: ['clock'] });
  await operator.configure([{ id: 'p' }]);
  const lock: Lock = {
    sourceOf: ({ source }) => source,
    check: () => {
      throw new Fault('lock_mismatch', { plugin: 'p' });
    },
  };
  expect(await refusals(load(operator, { lock }))).toEqual(['p lock_mismatch', 'p capability_ungranted']);
});

it('[RUN-45] fetches from where the lock says', async () => {
  const operator = await operatorFolder();
  await operator.install('p');
  await operator.configure([{ id: 'p', source: { file: './moved.wasm', public_key: operator.keys.acme.pem } }]);
  const lock: Lock = { sourceOf: () => ({ file: join(operator.folder, 'p.wasm') }), check: () => {} };
  expect((await load(operator, { lock })).map(({ id }) => id)).toEqual(['p']);
});

const waiting = {
  fields: { required_capabilities: ['tool_call'] },
  guest: { fields: '(import "sallyport:plugin/tool-call@0.1.0" "call" (func $call (param i32 i32 i32 i32 i32)))' },
  grants: { tool_call: { tools: ['x'] } },
};

it.each([
  { what: 'a key of the trust store', settings: {}, line: 'inline: true' },
  { what: 'the key of the plugin', settings: { pinned: true }, line: 'allow_inline: true' },
])('[SBX-127] refuses to run inline what $what does not allow, with the line to add', async ({ settings, line }) => {
  const operator = await operatorFolder();
  await operator.install('p');
  const key = 'pinned' in settings ? { public_key: operator.keys.acme.pem } : {};
  await operator.configure([{ id: 'p', isolation: 'inline', source: { file: './p.wasm', ...key } }]);
  const refused: unknown = await load(operator).catch((error: unknown) => error);
  expect(toFaults(refused)).toMatchObject([{ code: 'inline_untrusted', hint: expect.stringContaining(`\n${line}`) }]);
  const checked = await operator.run('check');
  expect(`${checked.stdout}${checked.stderr}`).toContain(line);
});

it.each(['trust', 'source'])('[SBX-127] runs inline what a key allows, with fuel: %s', async by => {
  const keys = await operatorFolder();
  const operator = await operatorFolder(
    by === 'trust' ? { trust: { keys: [{ id: 'acme', pem: keys.keys.acme.pem, inline: true }] } } : {},
  );
  await operator.install('p', {}, { by: keys.keys.acme });
  const source = { file: './p.wasm', public_key: keys.keys.acme.pem, allow_inline: true };
  await operator.configure([{ id: 'p', isolation: 'inline', ...(by === 'source' && { source }) }]);
  const [plugin] = await load(operator);
  expect(plugin?.prepared).toMatchObject({ isolation: 'inline', limits: { fuel: 50_000_000 } });
});

it('[SBX-128] refuses to run inline what waits, and names the capability', async () => {
  const keys = await operatorFolder();
  const operator = await operatorFolder({ trust: { keys: [{ id: 'acme', pem: keys.keys.acme.pem, inline: true }] } });
  await operator.install('p', waiting.fields, { by: keys.keys.acme, guest: waiting.guest });
  await operator.configure([{ id: 'p', isolation: 'inline', grants: waiting.grants }]);
  const refused: unknown = await load(operator).catch((error: unknown) => error);
  expect(toFaults(refused)).toMatchObject([
    { code: 'inline_waits', details: { plugin: 'p', capabilities: ['tool_call'] } },
  ]);
});
