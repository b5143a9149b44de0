import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { startRegistry } from '@sallyport/registry/start-registry';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { type OperatorFolder, operatorFolder } from '../fixtures/operator-folder.ts';
import { runSallyport } from '../fixtures/run-sallyport.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const clockImport = { fields: '(import "sallyport:plugin/clock@0.1.0" "now-ms" (func $now (result i64)))' };
const plain = { id: 'p' };
const timed = { id: 'p', grants: { clock: { resolution_ms: 10 } } };
const asksForTime = { version: '0.1.0', optional_capabilities: ['clock'] };

const lockOf = async ({ lockfile }: OperatorFolder) => parse(await readFile(lockfile, 'utf8'));

describe('sallyport lock', () => {
  it('[RUN-40] pins what each plugin is, who signed it, what it asks for and what it gets', async () => {
    const operator = await operatorFolder();
    await operator.install('p', { ...asksForTime, sequence: 4 }, { guest: clockImport });
    await operator.configure([timed]);
    const { code, stdout } = await operator.run('lock');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^p 0\.1\.0 sha256:[0-9a-f]{64} new, signed by [0-9a-f]{64}$/m);
    expect(await lockOf(operator)).toMatchObject({
      lockfile: 1,
      plugins: {
        p: {
          reference: './p.wasm',
          digest: expect.stringMatching(/^sha256:/),
          signer: { by: 'trust', key_id: operator.keys.acme.keyId },
          version: '0.1.0',
          sequence: 4,
          hooks: ['tool_post_invoke', 'tool_pre_invoke'],
          imports: ['sallyport:plugin/clock@0.1.0', 'sallyport:plugin/types@0.1.0'],
          required_capabilities: [],
          optional_capabilities: ['clock'],
          granted: { clock: { resolution_ms: 10 } },
        },
      },
      high_water: { p: { version: '0.1.0', sequence: 4 } },
    });
  });

  it('[RUN-40] writes the same text again, and moves with its folder', async () => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.configure([plain]);
    await operator.run('lock');
    const first = await readFile(operator.lockfile, 'utf8');
    expect((await operator.run('lock')).stdout).toContain('nothing to change');
    expect(await readFile(operator.lockfile, 'utf8')).toBe(first);

    const elsewhere = await operatorFolder();
    for (const name of ['sallyport.yaml', 'sallyport.lock', 'p.wasm', 'p.wasm.sig'])
      await copyFile(join(operator.folder, name), join(elsewhere.folder, name));
    expect(await elsewhere.run('check', '--frozen')).toMatchObject({ code: 0 });
  });

  it('[RUN-40] writes nothing when one plugin is refused', async () => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.install('q');
    await operator.configure([plain, { id: 'q', grants: { clock: {} } }]);
    const { code, stderr } = await operator.run('lock');
    expect(stderr).toContain('grant_unasked');
    expect(code).toBe(4);
    await expect(readFile(operator.lockfile)).rejects.toThrow('ENOENT');
  });

  it('[RUN-40] forgets a plugin that is gone from the configuration, but not how high its version was', async () => {
    const operator = await operatorFolder();
    await operator.install('p', { version: '2.0.0' });
    await operator.configure([plain]);
    await operator.run('lock');
    await operator.configure([]);
    expect((await operator.run('lock')).stdout).toContain('p removed');
    expect(await lockOf(operator)).toMatchObject({ plugins: {}, high_water: { p: { version: '2.0.0' } } });

    await operator.install('p', { version: '1.0.0' });
    await operator.configure([plain]);
    expect((await operator.run('check')).stderr).toContain('version_rollback');
    expect((await operator.run('lock')).stderr).toContain('version_rollback');
  });
});

/** What changes after everything was pinned, and the line that reports it. */
const changes: {
  what: string;
  line: RegExp;
  more: boolean;
  change: (operator: OperatorFolder) => Promise<unknown>;
}[] = [
  {
    what: 'another version',
    line: /^ {4}version: 0\.1\.0 → 0\.2\.0$/m,
    more: false,
    change: operator => operator.install('p', { ...asksForTime, version: '0.2.0' }, { guest: clockImport }),
  },
  {
    what: 'the same version of other bytes',
    line: /^ {4}digest: sha256:.* → sha256:/m,
    more: false,
    change: operator => operator.install('p', { ...asksForTime, description: 'other' }, { guest: clockImport }),
  },
  {
    what: 'an import and a capability more',
    line: /^ {4}imports: \+ sallyport:plugin\/random@0\.1\.0/m,
    more: true,
    change: async operator => {
      await operator.configure([{ id: 'p', grants: { ...timed.grants, random: {} } }]);
      await operator.install(
        'p',
        { optional_capabilities: ['clock', 'random'] },
        {
          guest: {
            fields: `${clockImport.fields}
              (import "sallyport:plugin/random@0.1.0" "bytes" (func $random (param i32 i32)))`,
          },
        },
      );
    },
  },
  {
    what: 'an import and a capability less',
    line: /^ {4}imports: - sallyport:plugin\/clock@0\.1\.0$/m,
    more: false,
    change: async operator => {
      await operator.install('p');
      await operator.configure([plain]);
    },
  },
  {
    what: 'a hook more',
    line: /^ {4}hooks: \+ tool_list/m,
    more: true,
    change: operator =>
      operator.install(
        'p',
        { ...asksForTime, hooks: ['tool_pre_invoke', 'tool_post_invoke', 'tool_list'] },
        { guest: clockImport },
      ),
  },
  {
    what: 'another signer',
    line: /^ {4}signer: trust [0-9a-f]{64} → trust [0-9a-f]{64}/m,
    more: true,
    change: operator => operator.install('p', asksForTime, { guest: clockImport, by: operator.keys.other }),
  },
  {
    what: 'a grant of another size',
    line: /^ {4}grants\.clock\.resolution_ms: 10 → 1/m,
    more: true,
    change: operator => operator.configure([{ id: 'p', grants: { clock: { resolution_ms: 1 } } }]),
  },
  {
    what: 'a grant less',
    line: /^ {4}grants: - clock$/m,
    more: false,
    change: operator =>
      operator
        .configure([{ id: 'p', grants: 'learn' }])
        .then(() => operator.install('p', asksForTime, { guest: clockImport })),
  },
  {
    what: 'another source',
    line: /^ {4}reference: \.\/p\.wasm → \.\/elsewhere\.wasm$/m,
    more: false,
    change: async operator => {
      for (const end of ['wasm', 'wasm.sig'])
        await copyFile(join(operator.folder, `p.${end}`), join(operator.folder, `elsewhere.${end}`));
      await operator.configure([{ ...timed, source: { file: './elsewhere.wasm' } }]);
    },
  },
];

describe.each(changes)('a pinned plugin with $what', ({ line, more, change }) => {
  it('[RUN-41] is refused by a start, line by line, and is taken by lock when it asks for nothing more', async () => {
    const operator = await operatorFolder();
    await operator.install('p', asksForTime, { guest: clockImport });
    await operator.configure([timed]);
    expect(await operator.run('lock')).toMatchObject({ code: 0 });
    expect(await operator.run('check')).toMatchObject({ code: 0 });
    const before = await readFile(operator.lockfile, 'utf8');
    await change(operator);

    const checked = await operator.run('check');
    expect(checked.stderr).toContain('lock_mismatch');
    expect(checked.stderr).toMatch(line);
    expect(checked.stderr).toMatch(/`sallyport lock -c \S+ --approve p`/);
    expect(checked.code).toBe(4);

    if (more) {
      const stopped = await operator.run('lock');
      expect(stopped.stderr).toContain('lock_unapproved');
      expect(stopped.stderr).toContain('(asks for more)');
      expect(stopped.code).toBe(4);
      expect(await readFile(operator.lockfile, 'utf8')).toBe(before);
    }
    const taken = await operator.run('lock', ...(more ? ['--approve', 'p'] : []));
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringContaining('updated') });
    expect(await operator.run('check', '--frozen')).toMatchObject({ code: 0 });
  });
});

it('[RUN-41] an update whose new capability is not granted tells both the difference and the line to add', async () => {
  const operator = await operatorFolder();
  await operator.install('p');
  await operator.configure([plain]);
  await operator.run('lock');
  await operator.install('p', { required_capabilities: ['clock'] }, { guest: clockImport });
  const { stdout } = await operator.run('lock', '--json');
  expect(JSON.parse(stdout).problems).toMatchObject([
    { code: 'lock_unapproved', plugin: 'p', differences: expect.arrayContaining([expect.stringContaining('clock')]) },
    { code: 'capability_ungranted', plugin: 'p' },
  ]);
});

describe('a version below the highest that was pinned', () => {
  it.each([
    { from: '1.10.0', to: '1.9.0' },
    { from: '1.0.0', to: '1.0.0-rc.1' },
    { from: '1.0.0-rc.2', to: '1.0.0-beta.11' },
    { from: '1.0.0', sequence: 2, to: '1.0.0+build', toSequence: 1 },
    { from: '1.0.0', sequence: 2, to: '1.0.0' },
  ])('[RUN-42] is refused: $from, then $to', async ({ from, sequence, to, toSequence }) => {
    const operator = await operatorFolder();
    await operator.install('p', { version: from, ...(sequence && { sequence }) });
    await operator.configure([plain]);
    await operator.run('lock');
    await operator.install('p', { version: to, ...(toSequence && { sequence: toSequence }) });
    const { code, stderr } = await operator.run('lock');
    expect(stderr).toContain('version_rollback');
    expect(stderr).toContain('--allow-downgrade');
    expect(code).toBe(4);

    expect(await operator.run('lock', '--allow-downgrade')).toMatchObject({ code: 0 });
    expect(await operator.run('check', '--frozen'), 'what was accepted starts').toMatchObject({ code: 0 });
    expect((await lockOf(operator)).high_water.p.version, 'and the mark stays').toBe(from);
  });
});

describe('--frozen', () => {
  it('[RUN-43] refuses a start without a lockfile, with a plugin too few in it, and with one too many', async () => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.install('q');
    await operator.configure([plain]);
    expect(await operator.run('check'), 'without it, nothing need be pinned').toMatchObject({ code: 0 });
    expect(await operator.run('check', '--frozen')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('no lockfile found'),
    });
    await operator.run('lock');
    expect(await operator.run('check', '--frozen')).toMatchObject({ code: 0 });
    await operator.configure([plain, { id: 'q' }]);
    expect(await operator.run('check')).toMatchObject({ code: 0 });
    for (const ran of [
      await operator.run('check', '--frozen'),
      await runSallyport('serve', '--frozen', '-c', operator.file),
    ]) {
      expect(ran).toMatchObject({ code: 4, stderr: expect.stringMatching(/lock_frozen.*plugin: q/) });
    }
    await operator.run('lock');
    await operator.configure([plain]);
    expect(await operator.run('check', '--frozen')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/lock_frozen.*plugin: q/),
    });
  });

  it('[RUN-43] without it, a start honours the lockfile that is there, and says that nothing is pinned when there is none', async () => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.configure([plain]);
    expect(await runSallyport('lock', '-c', operator.file)).toMatchObject({ code: 0 });
    await operator.install('p', { version: '0.2.0' });
    expect((await runSallyport('serve', '-c', operator.file)).stderr).toMatch(/lock_mismatch.*\n {4}digest: /);
    await rm(operator.lockfile);
    expect((await runSallyport('serve', '-c', operator.file)).stderr).toContain('nothing is pinned');
  });
});

describe('a lockfile that was', () => {
  it.each([
    {
      what: 'edited',
      edit: (text: string) => text.replace('version: 0.1.0', 'version: 0.2.0'),
      says: /:\d+:3: .*by hand/,
    },
    {
      what: 'edited in its marks',
      edit: (text: string) => text.replace(/0\.1\.0(?=\n {4}seal: \S+\n$)/, '0.0.1'),
      says: /high_water\.p/,
    },
    { what: 'broken', edit: (text: string) => `${text}\n{`, says: /sallyport\.lock:\d+:\d+/ },
    {
      what: 'given a field',
      edit: (text: string) => text.replace('    version:', '    colour: blue\n    version:'),
      says: /colour/,
    },
    {
      what: 'written by a later version',
      edit: (text: string) => text.replace('lockfile: 1', 'lockfile: 2'),
      says: /sallyport\.lock:3:1/,
    },
    { what: 'filled with aliases', edit: () => 'lockfile: 1\nplugins: &a {}\nhigh_water: *a\n', says: /alias/i },
  ])('[RUN-44] $what is refused, with place and reason', async ({ edit, says }) => {
    const operator = await operatorFolder();
    await operator.install('p');
    await operator.configure([plain]);
    await operator.run('lock');
    const text = await readFile(operator.lockfile, 'utf8');
    expect(edit(text)).not.toBe(text);
    await writeFile(operator.lockfile, edit(text));
    for (const command of ['check', 'lock']) {
      const { code, stderr } = await operator.run(command);
      expect(stderr).toContain('lockfile_unusable');
      expect(stderr).toMatch(says);
      expect(code).toBe(3);
    }
  });
});

it.each([
  { argv: ['lock', '--approve', 'nobody'] },
  { argv: ['lock', '--frozen'] },
  { argv: ['check', '--approve', 'p'] },
  { argv: ['lock', 'p'] },
])('[RUN-04] $argv is wrong use', async ({ argv }) => {
  const operator = await operatorFolder();
  await operator.configure([]);
  expect(await operator.run(...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('usage') });
});

describe('a plugin that is pulled by tag', () => {
  async function published() {
    const cache = await temporaryFolder();
    const operator = await operatorFolder({ cache_dir: cache });
    const registry = await startRegistry({ directory: await temporaryFolder() });
    const reference = `${registry.host}/acme/p:latest`;
    const push = async (version: string) => {
      const bytes = await watGuest(guestDescriptor('p', { version }));
      const { signature } = operator.keys.acme.sign(bytes);
      return pushComponent({ component: bytes, signature, publicKeyPem: operator.keys.acme.pem, reference });
    };
    const first = await push('1.0.0');
    await operator.configure([{ id: 'p', source: { oci: reference } }]);
    return { operator, registry, push, first, cache };
  }
  const manifestOf = async (operator: OperatorFolder) => {
    const { stdout } = await operator.run('check', '--frozen', '--json');
    return JSON.parse(stdout).plugins?.[0].manifest as string;
  };

  it('[RUN-45] stays what was pinned when the tag moves, until lock is run', async () => {
    const { operator, registry, push, first, cache } = await published();
    await using _ = registry;
    await operator.run('lock');
    expect(await manifestOf(operator)).toBe(first);
    const second = await push('1.1.0');
    expect(second).not.toBe(first);
    expect(await manifestOf(operator)).toBe(first);
    expect((await operator.run('lock')).stdout).toContain('version: 1.0.0 → 1.1.0');
    expect(await manifestOf(operator)).toBe(second);
    await rm(cache, { recursive: true });
    expect(await manifestOf(operator), 'with an empty cache too').toBe(second);
  });

  it('[RUN-45] starts with the registry down when it was pulled before', async () => {
    const { operator, registry, first } = await published();
    await operator.run('lock');
    await registry.close();
    expect(await manifestOf(operator)).toBe(first);
  });
});
