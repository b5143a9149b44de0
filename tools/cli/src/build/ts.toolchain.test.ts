import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { buildPlugin } from './build-plugin.ts';
import { checkTypes } from './check-types.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-ts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const capabilities = ['clock', 'kv_store', 'random'];

/** Writes these files into a folder of their own. */
async function write(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const own = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(own, path)), { recursive: true });
    await writeFile(join(own, path), text);
  }
  return own;
}

/** Builds a plugin of these files in a folder of its own. */
async function build(name: string, files: Readonly<Record<string, string>>) {
  const own = await write(name, files);
  const descriptor = descriptorOf({ required_capabilities: capabilities });
  return buildPlugin({ folder: own, descriptor, out: join(own, 'plugin.wasm') });
}

const plain =
  "import { transform } from '@sallyport/plugin'; export const { lifecycle, dispatchHooks } = transform({});\n";

describe('a plugin in TypeScript', () => {
  it('[AUT-50] is built from its files, npm packages and the contract', async () => {
    const { bytes, toolchain } = await build('all', {
      'package.json': '{ "type": "module", "main": "src/main.ts" }',
      'src/main.ts': `
        import { block, type Request, transform } from '@sallyport/plugin';
        import { get } from 'sallyport:plugin/kv-store@0.1.0';
        import loud from 'loud';
        import { asText } from './as-text.ts';
        interface Config { readonly reason: string }
        const name = (request: Request): string => (request.tag === 'resource-read' ? request.val.uri : request.val.name);
        export const { lifecycle, dispatchHooks } = transform<Config>({
          defaults: { reason: 'none' },
          configure: ({ reason }) => console.log('configured', reason),
          before(request, { requestId }, { reason }) {
            const found = get(name(request));
            if (found == null) return undefined;
            return block('KNOWN', loud(reason), { description: asText(found), details: { requestId } });
          },
        });`,
      'src/as-text.ts': 'export const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);',
      'node_modules/loud/package.json':
        '{ "name": "loud", "version": "1.0.0", "main": "main.cjs", "types": "main.d.ts" }',
      'node_modules/loud/main.cjs': 'module.exports = text => text.toUpperCase() + process.env.NODE_ENV;',
      'node_modules/loud/main.d.ts': 'declare function loud(text: string): string; export = loud;',
    });
    expect(toolchain.language).toBe('ts');
    const said: string[] = [];
    const { make } = await instantiate(bytes, {
      ...quiet,
      'sallyport:plugin/log': { write: (_: string, line: string) => said.push(line) },
      'sallyport:plugin/kv-store': {
        ...store,
        get: (key: string) => (key === 'known' ? new TextEncoder().encode('grüße 😀') : undefined),
      },
    });
    const plugin = make();
    plugin.lifecycle.configure('{"reason":"because"}');
    expect(said).toEqual(['configured because']);
    const call = (tool: string) =>
      plugin.dispatchHooks.beforeDispatch(context, { tag: 'tool-call', val: { name: tool, arguments: '{}' } });
    expect(call('other')).toEqual({ tag: 'proceed' });
    expect(call('known')).toEqual({
      tag: 'block',
      val: { code: 'KNOWN', reason: 'BECAUSEproduction', description: 'grüße 😀', details: '{"requestId":"1"}' },
    });
    expect(plugin.dispatchHooks.afterDispatch(context, { tag: 'tool-list', val: [] })).toEqual({ tag: 'proceed' });
    expect(() => plugin.lifecycle.configure('{"reason":1}')).toThrow('reason must be a string');
    expect(() => plugin.lifecycle.configure('[]')).toThrow('the configuration must be an object');
  });

  it.each([
    ['a wrong type', { 'main.ts': `${plain}\nconst n: number = 'x';` }, /^main.ts:3:7: TS2322: Type 'string' is not/],
    [
      'a wrong type in what it imports',
      {
        'package.json': '{ "main": "main.ts" }',
        'main.ts': `${plain}export { n } from './other.ts';`,
        'other.ts': '\nexport const n: string = 1;',
      },
      /^other.ts:2:14: TS2322/,
    ],
    [
      'a wrong outcome',
      {
        'main.ts': "import { transform } from '@sallyport/plugin';\ntransform({ after: () => ({ tag: 'respond' }) });",
      },
      /^main.ts:2:\d+: TS2322/,
    ],
    [
      'a wrong config',
      { 'main.ts': plain, 'tsconfig.json': '{ "compilerOptions": { "target": "ES1" } }' },
      /^tsconfig.json:1:\d+: TS6046/,
    ],
    [
      'a global that is not there',
      { 'main.ts': `${plain}setTimeout(() => {}, 1);`, 'tsconfig.json': '{}' },
      /^main.ts:2:1: TS2304: .*setTimeout/,
    ],
    [
      'a module of Node',
      { 'main.js': `${plain}import 'node:fs';` },
      /^main.js:2:8: TS2882: Cannot find module .*'node:fs'/,
    ],
    ['a syntax error', { 'main.js': `${plain}let = 1;` }, /^main.js:2:/],
    [
      'what was not asked for',
      { 'main.js': `${plain}import { send } from 'sallyport:plugin/outbound-http@0.1.0'; globalThis.send = send;` },
      /^it imports sallyport:plugin\/outbound-http, but plugin.json does not name/,
    ],
  ])('[AUT-51] is not built with %s', async (what, files, says) => {
    const refused = build(what.replaceAll(' ', '-'), files as unknown as Record<string, string>);
    await expect(refused).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { plugin: 'redact', file: expect.stringContaining(folder), what: expect.stringMatching(says) },
    });
  });

  it.each([
    [
      'a value of another type for the host',
      { 'main.js': `${plain}import { set } from 'sallyport:plugin/kv-store@0.1.0'; set('a', 'text', null);` },
      /^main.js:2:\d+: TS2345: .*'string' is not assignable to parameter of type 'Uint8Array/,
    ],
    [
      'headers as an object, by tsconfig.json',
      {
        'main.js': `${plain}import { send } from 'sallyport:plugin/outbound-http@0.1.0';
          export const ask = () => send({ method: 'GET', url: '', headers: { a: 'b' } });`,
        'tsconfig.json': '{ "compilerOptions": { "strict": true, "target": "ES2023" } }',
      },
      /^main.js:3:\d+: TS2353: .*'a' does not exist in type/,
    ],
    ['Intl', { 'main.ts': `${plain}console.info(new Intl.NumberFormat());` }, /^main.ts:2:\d+: TS2304: .*'Intl'/],
    [
      'a locale',
      { 'main.ts': `${plain}console.info((5).toLocaleString('de'));` },
      /^main.ts:2:\d+: TS2554: Expected 0 arg/,
    ],
    [
      'a locale to sort by',
      { 'main.js': `${plain}export const c = 'a'.localeCompare('b', 'de');` },
      /^main.js:2:\d+: TS2554/,
    ],
    ['no package', { 'main.ts': `${plain}import '@scope/gone/deep';` }, /^main.ts:2:8: TS2882/],
  ])('[AUT-83] is not built with %s', async (what, files, says) => {
    const refused = build(`types ${what}`.replaceAll(' ', '-'), files as unknown as Record<string, string>);
    await expect(refused).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { what: expect.stringMatching(says) },
      ...(what === 'no package' && { hint: 'run in the plugin’s folder: npm install @scope/gone' }),
      ...(what === 'Intl' && { hint: expect.stringContaining('What JavaScript has') }),
    });
  });

  it('[AUT-83] is built without the check of JavaScript where tsconfig.json says so, and without a word on what has no types', async () => {
    const untyped = `${plain}/** at @: each */ export const none = []; none.includes('x'); export const first = all => all[0]; try { first(); } catch (error) { first([error.payload]); }`;
    const wrong = `${plain}export const n = () => 'a'.b.c;`;
    const isFine = (name: string, files: Readonly<Record<string, string>>) =>
      write(name, files).then(own => checkTypes('redact', join(own, 'main.js')));
    await isFine('untyped', { 'main.js': untyped });
    await isFine('unchecked', { 'main.js': wrong, 'tsconfig.json': '{ "compilerOptions": { "checkJs": false } }' });
    await expect(isFine('checked', { 'main.js': wrong })).rejects.toThrow(/main.js:2:\d+: TS2339/);
  });

  it.each(['main.js', 'main.ts'])('[AUT-83] may have hooks without a return, in %s', async main => {
    const hooks = "before() {}, after(response) { if (response.tag === 'tool-list') return { tag: 'proceed' }; }";
    const own = await write(`silent-${main}`, { [main]: plain.replace('{}', `{ ${hooks} }`) });
    await expect(checkTypes('redact', join(own, main))).resolves.toBeUndefined();
  });

  it('[AUT-52] finds console, clock, random numbers and encodings as their standards have them', async () => {
    const odd = '[0xff, 0x61, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80, 0xc0, 0x80]';
    const { bytes } = await build('globals', {
      'main.js': `import * as kv from 'sallyport:plugin/kv-store@0.1.0'; ${plain.replace('{}', '{ configure: all }')}
        function all() {
          const say = value => console.info(value);
          say([new Date().toISOString(), new Date(0).getTime(), new Date(2020, 0).getFullYear(), typeof Date()]);
          say([new Date() instanceof Date, class extends Date {}.name, Date.UTC(1970, 0, 2), performance.now()]);
          say([crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(1))[0], Math.random()]);
          say([...new TextEncoder().encode('aé€😀\\ud800')]);
          say(new TextDecoder().decode(new Uint8Array(${odd})));
          say(new TextDecoder('utf8').decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]).buffer));
          try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])); } catch (error) { say(error.name); }
          try { new TextDecoder('latin1'); } catch (error) { say(error.name); }
          const loop = { loop: {} }; loop.loop = loop; say(loop);
          kv.set("k", new Uint8Array(1), 5n);
          say(typeof kv.increment("k", 1n, undefined));
          try { kv.set("k", new Uint8Array(1), 2n ** 53n); } catch (error) { say(error.name); }
          throw new TypeError('from configure');
        }`,
    });
    const said: string[] = [];
    const { make } = await instantiate(bytes, {
      ...quiet,
      'sallyport:plugin/log': { write: (_: string, line: string) => said.push(line) },
    });
    expect(() => make().lifecycle.configure('{}')).toThrow('from configure');
    const decoded = new TextDecoder().decode(
      Uint8Array.from(JSON.parse(odd.replace(/0x\w\w/g, each => `${Number(each)}`))),
    );
    expect(said).toEqual([
      '["1970-01-02T00:00:00.000Z",0,2020,"string"]',
      '[true,"",86400000,2.5]',
      expect.stringMatching(/^\["80808080-8080-4080-8080-808080808080",2155905152,0\.0\d+\]$/),
      JSON.stringify([...new TextEncoder().encode('aé€😀\ud800')]),
      decoded,
      'a',
      'TypeError',
      'RangeError',
      '[object Object]',
      'bigint',
      'RangeError',
    ]);
  });
});

const context = { requestId: '1', binding: 'b', upstream: 'u', deadlineMs: 1 };
const store = { get() {}, set() {}, delete() {}, list() {}, compareAndSet() {}, increment: () => 1n };
const quiet = {
  'sallyport:plugin/log': { write() {} },
  'sallyport:plugin/context': { get() {}, set() {}, getShared() {}, setShared() {} },
  'sallyport:plugin/clock': { nowMs: () => 86_400_000n, monotonicNs: () => 2_500_000n },
  'sallyport:plugin/random': { bytes: (length: number) => new Uint8Array(length).fill(0x80) },
  'sallyport:plugin/kv-store': store,
};
