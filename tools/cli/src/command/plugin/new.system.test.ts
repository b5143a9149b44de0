import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pluginDescriptorSchema } from '@sallyport/host/contract';
import { startRegistry } from '@sallyport/registry/start-registry';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../../../test/fixtures/markdown.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { runSallyport } from '../../../../../test/fixtures/run-sallyport.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../../../test/prerequisite.ts';
import { readCases } from '../../case/case-file.ts';

const make = async (id = 'hide-words', more: readonly string[] = []) => {
  const folder = join(await temporaryFolder(), 'new', id);
  const ran = await runCommand(['plugin', 'new', id, '--lang', 'js', '--out', folder, '--json', ...more]);
  return { folder, ran };
};

it.each([
  { kind: 'transform', tried: ['tool_post_invoke'], place: 'transforms: [hide-words]' },
  { kind: 'policy', tried: ['policy_decide', 'policy_decide_many'], place: 'policies: [hide-words]' },
  { kind: 'federation', tried: ['server_pre_register', 'federation_post_sync'], place: 'federation: [hide-words]' },
  { kind: 'identity', tried: ['identify'], place: 'plugin: { id: hide-words, header: x-service-key }' },
])(
  '[AUT-26] a new $kind has a descriptor, cases, a README, a .gitignore and a workflow',
  async ({ kind, tried, place }) => {
    const { folder, ran } = await make('hide-words', ['--kind', kind]);
    expect(ran.code).toBe(0);
    const { files, kind: made } = JSON.parse(ran.stdout);
    expect(made).toBe(kind);
    expect(files).toEqual(
      expect.arrayContaining(['.github/workflows/plugin.yaml', '.gitignore', 'README.md', 'plugin.json']),
    );
    const descriptor = pluginDescriptorSchema.parse(JSON.parse(await readFile(join(folder, 'plugin.json'), 'utf8')));
    expect(descriptor).toMatchObject({ id: 'hide-words', kind, version: '0.1.0' });
    const covered = (await readCases(join(folder, 'cases'))).flatMap(({ steps }) => steps.map(({ hook }) => hook));
    expect(new Set(covered)).toEqual(new Set(tried));
    expect(tried).toEqual(expect.arrayContaining([...descriptor.hooks]));
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    for (const part of [place, '# hide-words', 'sallyport plugin push']) expect(readme).toContain(part);
    for (const file of files) expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/\{\{\w+\}\}/);
  },
);

it.each([
  { name: 'Hide_Words', hint: 'for example: hide-words' },
  { name: '../up', hint: 'for example: up' },
  { name: '7', hint: 'use a name like redact-emails' },
  { name: 'x'.repeat(64), hint: `for example: ${'x'.repeat(63)}` },
])('[AUT-27] refuses the name $name, and makes nothing', async ({ name, hint }) => {
  const { folder, ran } = await make(name);
  expect(ran.code).toBe(2);
  expect(JSON.parse(ran.stdout)).toMatchObject({ problems: [{ code: 'usage', NAME: name, hint }] });
  await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('[AUT-27] leaves a folder that is there as it is', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'mine.txt'), 'mine');
  const ran = await runCommand(['plugin', 'new', 'hide-words', '--lang', 'js', '--out', folder]);
  expect({ code: ran.code, said: ran.stderr }).toMatchObject({ said: expect.stringContaining('file_exists') });
  expect(await readdir(folder)).toEqual(['mine.txt']);
});

it('[AUT-27] asks for name and language at a terminal, and never when it is piped', async () => {
  const folder = join(await temporaryFolder(), 'asked');
  const answers = ['hide-words', 'js'];
  expect(await runCommand(['plugin', 'new', '--out', folder], { answers })).toMatchObject({ code: 0 });
  expect(await readdir(folder)).toContain('plugin.json');
  for (const given of [[], ['hide-words']]) {
    const { code, stderr } = await runSallyport('plugin', 'new', ...given);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('usage: ') });
  }
});

itWith('openssl')(
  '[AUT-28] the workflow of a new plugin builds, tests, signs and pushes it',
  { timeout: 600_000 },
  async () => {
    const { folder: made } = await make('proceeds');
    await writeFile(join(made, 'proceeds.js'), source);
    await writeFile(join(made, 'cases/replace.json'), JSON.stringify({ cases: [proceeds] }));
    // A package, as npm install leaves it; a clean checkout has no node_modules.
    await mkdir(join(made, 'word'));
    await writeFile(join(made, 'word/package.json'), '{ "name": "word", "version": "1.0.0", "main": "word.js" }');
    await writeFile(join(made, 'word/word.js'), 'exports.word = "proceed";');
    await promisify(execFile)('npm', ['install', '--offline', '--no-audit', './word'], { cwd: made });
    const folder = join(await temporaryFolder(), 'checkout');
    await cp(made, folder, { recursive: true, filter: from => !/node_modules|\.wasm$/.test(from.slice(made.length)) });

    const workflow = parse(await readFile(join(folder, '.github/workflows/plugin.yaml'), 'utf8'));
    const { test, publish } = workflow.jobs as Record<'test' | 'publish', Job>;
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect([test.if, test.permissions]).toEqual([undefined, undefined]);
    expect(publish).toMatchObject({
      ...{ if: "startsWith(github.ref, 'refs/tags/v')", needs: 'test' },
      permissions: { contents: 'read', packages: 'write' },
    });
    const checkouts = [...test.steps, ...publish.steps].filter(step => step.with?.repository !== undefined);
    expect(checkouts.map(step => step.with?.ref)).toEqual(Array(2).fill(`\${{ vars.SALLYPORT_REF }}`));
    const runs = [...test.steps, ...publish.steps].filter(({ name }) => name !== 'Install' && name !== undefined);
    expect(runs.map(({ name }) => name)).toEqual(['Settings', 'Dependencies', 'Build', 'Test', 'Sign', 'Push']);

    const home = await temporaryFolder();
    await using registry = await startRegistry({ directory: join(home, 'registry') });
    const { key, docker, temp } = {
      key: join(home, 'key.pem'),
      docker: join(home, 'docker'),
      temp: join(home, 'temp'),
    };
    await mkdir(temp);
    await runCommand(['keygen', '--key', key]);
    const env = {
      ...process.env,
      ...{
        SALLYPORT: workflow.env.SALLYPORT.replace(/^.*\/sallyport(?=\/bin)/, root),
        RUNNER_TEMP: temp,
      },
      ...{ DOCKER_CONFIG: docker, SIGNING_KEY: await readFile(key, 'utf8'), REGISTRY: registry.host, OWNER: 'Acme' },
      ...{ ACTOR: 'acme', TAG: 'v0.1.0', TOKEN: 'token' },
    };
    const shell = (run = '', more: object = {}) =>
      promisify(execFile)('bash', ['-eo', 'pipefail', '-c', run], { cwd: folder, env: { ...env, ...more } });
    const [settings, ...rest] = runs;
    await expect(shell(settings?.run)).rejects.toMatchObject({
      stdout: expect.stringContaining('::error::set the variable SALLYPORT_REPOSITORY'),
    });
    await shell(settings?.run, { SALLYPORT_REPOSITORY: 'acme/sallyport', SALLYPORT_REF: 'v0.1.0' });
    for (const { run } of rest) await shell(run);
    const published = ['plugin', 'verify', '--key', join(home, 'key.pub.pem'), `${registry.host}/acme/proceeds:0.1.0`];
    expect(await runCommand(published)).toMatchObject({ code: 0 });
    expect(await readdir(temp)).toEqual(['signing-key.pub.pem']);
  },
);

interface Job {
  readonly if?: string;
  readonly permissions?: object;
  readonly steps: readonly { name?: string; run?: string; with?: { repository?: string; ref?: string } }[];
}

const source = `import { word } from 'word';
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: word }), afterDispatch: () => ({ tag: word }) };`;
const proceeds = {
  ...{ name: 'proceeds', hook: 'tool_post_invoke', expect: { outcome: 'proceed' } },
  response: { tag: 'tool-result', val: { content: [], isError: false } },
};
