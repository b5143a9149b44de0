import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDescriptorFile } from '@sallyport/cli/artifact/read-descriptor-file';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { parseCases, readCases } from '@sallyport/cli/case/case-file';
import { runCase } from '@sallyport/cli/case/run-case';
import { tryPlugin } from '@sallyport/cli/case/tried-plugin';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kinds } from '../../host/src/contract/kinds.ts';
import { startEverything } from '../fixtures/everything.ts';
import { examples } from '../fixtures/examples.ts';
import { openHost } from '../fixtures/open-host.ts';
import { rustExample } from '../fixtures/rust-guest.ts';
import { itWith } from '../prerequisite.ts';

const root = join(import.meta.dirname, '../../plugins-examples');
const signal = new AbortController().signal;
let folder = '';
let upstream: Awaited<ReturnType<typeof startEverything>>;
beforeAll(async () => {
  vi.stubEnv('SALLYPORT_TEST_SECRET', 'not to be guessed');
  folder = await mkdtemp(join(tmpdir(), 'sallyport-examples-'));
  upstream = await startEverything();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await upstream?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Writes the component of an example to a file. Builds in Rust take long, so each is kept. */
async function build(id: string, needs: string | undefined, out: string): Promise<Uint8Array> {
  if (needs !== 'wasm-ld-22') {
    const folder = join(root, id);
    return (await buildPlugin({ folder, descriptor: await readDescriptorFile(join(folder, 'plugin.json')), out }))
      .bytes;
  }
  const bytes = await rustExample(id);
  await writeFile(out, bytes);
  return bytes;
}

/** What plugins of a kind are called for beside their hooks. */
const functions = {
  transform: [],
  policy: ['policy_decide', 'policy_decide_many'],
  identity: ['identify'],
  federation: [],
};

/** Puts an example where its kind belongs. */
function placed(kind: NonNullable<(typeof examples)[number]['kind']>, id: string, scheme: object = {}) {
  const binding = { id: 'main', upstreams: ['upstream'] };
  if (kind === 'federation') return { federation: [id], bindings: [binding] };
  if (kind !== 'identity') return { bindings: [{ ...binding, [kinds[kind].place]: [id] }] };
  return {
    identity: { schemes: [{ id: 'example', plugin: { id, ...scheme } }] },
    bindings: [{ ...binding, allow: [{ subjects: ['example:*'] }] }],
  };
}

it('[AUT-25] every example is in the table', () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter(each => each.isDirectory());
  const names = folders.map(({ name }) => name).filter(name => name !== 'node_modules');
  expect(examples.map(({ id }) => id).toSorted()).toEqual(names.toSorted());
});

describe.each(examples)(
  '$id',
  ({ id, needs, kind = 'transform', casesOf = id, plugin = {}, secrets = [], scheme, headers, message, sees }) => {
    const test = needs === undefined ? it : itWith(needs);
    let built: Promise<Uint8Array> | undefined;
    const component = () => {
      built ??= build(id, needs, join(folder, `${id}.wasm`));
      return built;
    };

    test('[AUT-25][AUT-03] is built, and does what its cases say', { timeout: 1_800_000 }, async () => {
      const tried = await tryPlugin(await component(), id);
      const failed: unknown[] = [];
      const covered = new Set<string>();
      for (const one of await readCases(join(root, casesOf, 'cases'))) {
        const { name, passed, differences } = await runCase(tried, one, signal);
        if (!passed) failed.push({ name, differences });
        for (const { hook } of one.steps) covered.add(hook);
      }
      expect(failed).toEqual([]);
      const hooks = [...functions[kind], ...tried.descriptor.hooks];
      expect([...covered].toSorted()).toEqual(hooks.toSorted());
    });

    test('[SBX-104] does the same with fuel', { timeout: 1_800_000 }, async () => {
      const tried = await tryPlugin(await component(), id, { fuel: 10 ** 12 });
      const cases = await readCases(join(root, casesOf, 'cases'));
      const results = await Promise.all(cases.map(one => runCase(tried, one, signal)));
      expect(results.filter(({ passed }) => !passed)).toEqual([]);
    });

    // The same plugin in several languages, each with an engine for patterns of its own.
    if (casesOf === 'redact-emails') {
      test('[AUT-03] stays fast on text that looks like addresses for long', { timeout: 1_800_000 }, async () => {
        const tried = await tryPlugin(await component(), id);
        const a = 'a'.repeat(200_000);
        const [dots, dotted, ats] = [`${'a.'.repeat(50_000)}@`, `x@${'a.'.repeat(50_000)}`, '@'.repeat(100_000)];
        const content = [a, dots, dotted, ats].map(val => ({ tag: 'text', val }));
        const response = { tag: 'tool-result', val: { content, isError: false } };
        const one = { name: 'long', hook: 'tool_post_invoke', response, expect: { outcome: 'proceed' } };
        const [long] = parseCases(JSON.stringify({ cases: [one] }), 'long.json');
        expect(long && (await runCase(tried, long, signal))).toMatchObject({ differences: [] });
      });
    }

    (test === it ? itWith('wasm-tools') : test)('[REG-76] is read by wasm-tools', { timeout: 1_800_000 }, async () => {
      await component();
      const file = join(folder, `${id}.wasm`);
      const tools = async (...argv: string[]) => (await promisify(execFile)('wasm-tools', [...argv, file])).stdout;
      await tools('validate');
      expect(await tools('component', 'wit')).toContain(`export sallyport:plugin/${kinds[kind].exports}@0.1.0;`);
      expect(JSON.parse(await tools('metadata', 'show', '--json'))).toBeTypeOf('object');
    });

    test('[AUT-25] does it behind a gateway', { timeout: 1_800_000 }, async () => {
      const entry = { id, bytes: await component(), ...plugin };
      const settings = {
        limits: { lanes: 1 },
        ...placed(kind, id, scheme),
        secrets: secrets.map(name => ({ name, env: 'SALLYPORT_TEST_SECRET' })),
      };
      const answered = async () => {
        await using gateway = await openHost([entry], upstream.url, settings, { ...(headers && { headers }) });
        return await gateway.call('echo', { message });
      };
      const answer = await answered().catch(({ message, data }) => ({ message, data }));
      expect(JSON.stringify(answer)).toContain(sees);
    });
  },
);
