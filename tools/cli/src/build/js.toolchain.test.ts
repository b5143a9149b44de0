import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { readDescriptor } from '@sallyport/host/wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { buildPlugin } from './build-plugin.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-build-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const hooks =
  "export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };";

async function build(script: string, descriptor: PluginDescriptor = descriptorOf()): Promise<Uint8Array> {
  const source = join(folder, 'plugin.js');
  await writeFile(source, `${script}\n${hooks}`);
  const { bytes } = await buildPlugin({ folder, source, descriptor, out: join(folder, 'plugin.wasm') });
  return bytes;
}

/** What `configure` logs when it runs `body`, or what it refuses the configuration with. */
async function configure(body: string, capabilities: readonly string[] = []): Promise<unknown[]> {
  const said: unknown[] = [];
  const component = await build(
    `export const lifecycle = { configure() { ${body} } };`,
    descriptorOf({ required_capabilities: [...capabilities] }),
  );
  const { make } = await instantiate(component, {
    ...quiet,
    'sallyport:plugin/log': { write: (level: string, message: string) => said.push([level, message]) },
    'sallyport:plugin/clock': { nowMs: () => 86_400_000n, monotonicNs: () => 2_500_000n },
    'sallyport:plugin/random': { bytes: (length: number) => new Uint8Array(length).fill(0x80) },
  });
  try {
    make().lifecycle.configure('{}');
  } catch (error) {
    said.push(error);
  }
  return said;
}
const quiet = {
  'sallyport:plugin/log': { write() {} },
  'sallyport:plugin/context': { get() {}, set() {}, getShared() {}, setShared() {} },
};

describe('a plugin in JavaScript', () => {
  it('[AUT-01] imports what its descriptor declares and nothing more, and carries the descriptor', async () => {
    const descriptor = descriptorOf({ required_capabilities: ['outbound_http'], optional_capabilities: ['clock'] });
    const component = await build('export const lifecycle = { configure() {} };', descriptor);
    const names = ['clock', 'context', 'log', 'outbound-http'].map(name => `sallyport:plugin/${name}`);
    expect((await instantiate(component, {})).imports.toSorted()).toEqual(names);
    expect(readDescriptor(component)).toEqual(descriptor);
    expect(await readFile(join(folder, 'plugin.wasm'))).toEqual(Buffer.from(component));
  });

  it('[AUT-02] logs with console', async () => {
    expect(
      await configure("console.log('a', 1, { b: [2] }); console.warn('w'); console.debug(null, undefined);"),
    ).toEqual([
      ['info', 'a 1 {"b":[2]}'],
      ['warn', 'w'],
      ['debug', 'null undefined'],
    ]);
  });

  it('[AUT-02] reads the clock and random numbers that it declares', async () => {
    const body = `console.log(Date.now(), new Date().toISOString(), new Date(5).getTime(), new Date() instanceof Date,
      performance.now(), Math.random(), crypto.getRandomValues(new Uint16Array(2)));`;
    const [[, line] = []] = (await configure(body, ['clock', 'random'])) as [string, string][];
    expect(line).toMatch(/^86400000 1970-01-02T00:00:00.000Z 5 true 2.5 0\.0\d+ \{"0":32896,"1":32896\}$/);
  });

  it.each([
    {
      call: 'Date.now()',
      says: 'Date and performance need the capability "clock": add it to required_capabilities in plugin.json',
    },
    {
      call: 'new Date()',
      says: 'Date and performance need the capability "clock": add it to required_capabilities in plugin.json',
    },
    {
      call: 'Math.random()',
      says: 'Math.random and crypto need the capability "random": add it to required_capabilities in plugin.json',
    },
  ])('[AUT-02] is told what $call needs when it declared nothing', async ({ call, says }) => {
    expect(await configure(call)).toEqual([says]);
  });

  it('[AUT-02] keeps the line numbers of its source in stack traces', async () => {
    const [[, trace] = []] = (await configure('\n\nconsole.error(new Error("here"));')) as [string, string][];
    expect(trace).toBe('Error: here\n    at configure (plugin.js:3)\n');
  });

  it('[AUT-01] may import modules beside it', async () => {
    await writeFile(join(folder, 'words.js'), "export const word = 'imported';");
    const body =
      "import { word } from './words.js'; export const lifecycle = { configure() { throw new Error(word); } };";
    const { make } = await instantiate(await build(body), quiet);
    expect(() => make().lifecycle.configure('{}')).toThrow('imported');
  });

  it.each([
    {
      what: 'a call of the host at the top level',
      script: "console.log('x');",
      says: /^Error: console is called at the top level of the module.*\n {4}at <anonymous> \(plugin.js:1\)$/,
    },
    { what: 'a syntax error', script: 'const = ;', says: /^plugin.js:1:7: TS1134: Variable declaration expected/ },
    { what: 'an error at the top level', script: "throw new Error('mine');", says: /mine/ },
  ])('[AUT-01] is not built with $what', async ({ script, says }) => {
    await expect(build(`${script} export const lifecycle = { configure() {} };`)).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { plugin: 'redact', file: join(folder, 'plugin.js'), what: expect.stringMatching(says) },
    });
  });

  it('[AUT-01] is not built with a capability that does not exist, nor from a file that is not there', async () => {
    const descriptor = descriptorOf({ required_capabilities: ['teleport'] });
    await expect(build('', descriptor)).rejects.toMatchObject({ details: { what: 'unknown capability teleport' } });
    const source = join(folder, 'none.js');
    const nowhere = buildPlugin({ folder, source, descriptor: descriptorOf(), out: join(folder, 'none.wasm') });
    await expect(nowhere).rejects.toMatchObject({ code: 'plugin_build_failed', details: { file: source } });
  });
});
