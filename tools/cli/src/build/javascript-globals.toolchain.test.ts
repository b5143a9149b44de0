import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { buildPlugin } from './build-plugin.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-globals-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const hooks =
  "export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };";

/** Builds a plugin whose `configure` runs `body`, and returns the build's output and the plugin's log. */
async function run(name: string, body: string, modules: Readonly<Record<string, string>> = {}) {
  const at = join(folder, name);
  const files = { 'main.js': `// @ts-nocheck\n${body}\n${hooks}`, 'package.json': '{ "main": "main.js" }', ...modules };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(at, file, '..'), { recursive: true });
    await writeFile(join(at, file), text);
  }
  const told: string[] = [];
  const { bytes } = await buildPlugin({
    folder: at,
    descriptor: descriptorOf(),
    out: join(at, 'out.wasm'),
    say: line => told.push(line),
  });
  const logged: string[] = [];
  const { make } = await instantiate(bytes, {
    'sallyport:plugin/log': { write: (_: string, line: string) => logged.push(line) },
    'sallyport:plugin/context': { get() {}, set() {}, getShared() {}, setShared() {} },
  });
  make().lifecycle.configure('{}');
  return { told, logged, bytes };
}

const addresses = [
  'https://user:p%40ss@Example.COM:8443/a/../b%20c?x=1&y=2#frag',
  'http://127.1/',
  'http://0x7f.1:80/',
  'http://[::1]:3000/path',
  'ftp://a.example',
  'mailto:a@b.example',
  'https://a.example:99999/',
  'not an address',
  'http:///x',
  'javascript:alert(1)',
  'HTTPS:\\\\a.example\\b',
];

describe('a plugin in JavaScript', () => {
  it('[AUT-82] has URL and URLSearchParams as Node has them, and structuredClone', async () => {
    const asked = (address: string) => {
      try {
        const url = new URL(address, 'https://base.example/x/');
        return [url.href, url.host, url.origin, url.pathname, [...url.searchParams].join('|')];
      } catch (error) {
        return error instanceof TypeError ? 'TypeError' : 'another error';
      }
    };
    const { logged, told } = await run(
      'url',
      `const asked = ${asked};
      export const lifecycle = { configure() {
        for (const each of ${JSON.stringify(addresses)}) console.info(JSON.stringify(asked(each)));
        const found = new URLSearchParams({ a: '1 2', b: 'é' }); found.append('a', '&');
        console.info(String(found), URL.canParse('x:'), typeof globalThis.URL);
        const one = { when: new Date(5), all: new Map([['k', new Set([1])]]), bytes: new Uint8Array([1, 2]), re: /x/g };
        one.self = one;
        const copy = structuredClone(one);
        console.info(copy.self === copy, copy !== one, copy.when.getTime(), copy.all.get('k').has(1), copy.bytes[1], copy.re.flags);
        try { structuredClone(() => {}); } catch (error) { console.info('refused'); }
      } };`,
    );
    expect(logged.slice(0, addresses.length).map(line => JSON.parse(line))).toEqual(addresses.map(asked));
    expect(logged.slice(addresses.length)).toEqual([
      `${new URLSearchParams([
        ['a', '1 2'],
        ['b', 'é'],
        ['a', '&'],
      ])} true function`,
      'true true 5 true 2 g',
      'refused',
    ]);
    expect(told.filter(line => line.includes('does not have'))).toEqual([]);
  });

  it('[AUT-82] is told which globals it refers to and lacks, by file, but for those that a file can do without', async () => {
    const { told, bytes } = await run(
      'missing',
      `import { later, format, careful, sorted } from 'reaches';
      export const lifecycle = { configure() { globalThis.all = [later, format, careful, sorted]; } };`,
      {
        'node_modules/reaches/package.json': '{ "main": "index.js" }',
        'node_modules/reaches/index.js': `
          exports.later = call => setTimeout(call, 1);
          exports.format = value => [new Intl.NumberFormat('de').format(value), Intl.x];
          exports.careful = () => (typeof Buffer === 'undefined' ? undefined : Buffer.from('x'));
          exports.sorted = all => all.sort((a, b) => a.localeCompare(b, 'de'));`,
      },
    );
    expect(told.map(line => line.replace(/: see .*/, ''))).toEqual([
      'redact: node_modules/reaches/index.js:2 uses setTimeout, which a plugin does not have',
      'redact: node_modules/reaches/index.js:3 and 1 more place uses Intl, which a plugin does not have',
      'redact: node_modules/reaches/index.js:5 calls localeCompare with a locale, which a plugin does not have',
    ]);
    // What it does not refer to is not in it.
    expect(Buffer.from(bytes).includes('searchParams')).toBe(false);
  });

  it('[AUT-82] is refused a locale, which would be ignored', async () => {
    const { logged } = await run(
      'locales',
      `const told = call => { try { console.info(call()); } catch (error) { console.info(error.name + ': ' + error.message); } };
      export const lifecycle = { configure() {
        told(() => (1234.5).toLocaleString('de-DE'));
        told(() => new Date(0).toLocaleDateString(undefined, { timeZone: 'Europe/Berlin' }));
        told(() => 'ä'.localeCompare('b', 'de'));
        told(() => 'i'.toLocaleUpperCase('tr'));
        told(() => ['a'.localeCompare('b'), 'i'.toLocaleUpperCase('en'), (5).toLocaleString()].join());
      } };`,
    );
    expect(logged).toEqual([
      expect.stringMatching(/^RangeError: toLocaleString was called with the locale "de-DE", but a plugin has no Intl/),
      expect.stringMatching(/^RangeError: toLocaleDateString was called with the locale {"timeZone":"Europe\/Berlin"}/),
      expect.stringMatching(/^RangeError: localeCompare was called with the locale "de"/),
      expect.stringMatching(/^RangeError: toLocaleUpperCase was called with the locale "tr"/),
      '-1,I,5',
    ]);
  });

  it('[AUT-84] may draw numbers at its top level, which are the same in each build; in a hook it is told what they need', async () => {
    const body = `const drawn = [Math.random(), Math.random()];
      export const lifecycle = { configure() {
        console.info('%s and %d, %j: 100%% of %s', 'text', '5', { a: 1n }, 'it', 'more');
        console.info(JSON.stringify(drawn));
        try { Math.random(); } catch (error) { console.info(error.message); }
        try { crypto.subtle.digest('SHA-256', new Uint8Array()); } catch (error) { console.info(error.message); }
      } };`;
    const [one, again] = [await run('random', body), await run('random-again', body)];
    expect(again.logged).toEqual(one.logged);
    const [line, drawn = '', ...refused] = one.logged;
    expect(line).toBe('text and 5, {"a":"1n"}: 100% of it more');
    const [first, second] = JSON.parse(drawn);
    expect([first >= 0 && first < 1, first === second]).toEqual([true, false]);
    expect(refused).toEqual([
      expect.stringContaining('need the capability "random"'),
      expect.stringMatching(/^crypto.subtle is not available.*sha256/),
    ]);
  });

  it('[AUT-84] is told that its top level cannot ask the host, with the line; a package that asks for the time sees 1970', async () => {
    const modules = {
      'node_modules/eager/package.json': '{ "main": "index.js" }',
      'node_modules/eager/index.js': '\nexports.started = Date.now();',
    };
    const body = (started: string) => `import { started } from 'eager';
      const own = ${started};
      export const lifecycle = { configure() { console.info(started, own); } };`;
    await expect(run('eager', body('Date.now()'), modules)).rejects.toMatchObject({
      details: {
        what: expect.stringMatching(/^Error: Date is called at the top level[^\n]*\n[^\n]*\(main.js:3\)/),
      },
    });
    expect((await run('patient', body('1'), modules)).logged).toEqual(['0 1']);
  });

  it.each([
    ['lifecycle', 'export const other = 1;'],
    ['lifecycle.configure', 'export const lifecycle = {};'],
  ])('[AUT-85] is not built without %s', async (what, body) => {
    await expect(run(`without-${what}`, body)).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { what: expect.stringContaining(what) },
    });
  });
});
