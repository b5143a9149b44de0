import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { dummyGuest, jsGuest, wasiGuest, watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { transpile } from '../compile/transpile.ts';
import { prepareGlue } from './glue.ts';
import { checkGlue } from './glue-check.ts';

const idle = `
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };
`;

async function glueOf(bytes: Uint8Array, asyncImports: string[] = []): Promise<string> {
  const asyncExports = asyncImports.length === 0 ? [] : ['sallyport:plugin/lifecycle@0.1.0#configure'];
  const files = await transpile({ bytes, asyncImports, asyncExports }, 60_000);
  return prepareGlue(Buffer.from(files.get('plugin.js') ?? []).toString('utf8'));
}

const around = (body: string) =>
  `"use components";\nfunction instantiate(getCoreModule, imports) { ${body} }\nreturn instantiate;`;

describe('glue, read as a program', () => {
  it.each([
    { what: 'JavaScript', make: async () => glueOf(await jsGuest(guestDescriptor('plain'), idle)) },
    {
      what: 'JavaScript that waits',
      make: async () =>
        glueOf(await jsGuest(guestDescriptor('waits', { required_capabilities: ['outbound_http'] }), idle), [
          'sallyport:plugin/outbound-http#send',
        ]),
    },
    { what: 'WASI', make: async () => glueOf(await wasiGuest(guestDescriptor('wasi'), idle)) },
    { what: 'WebAssembly text', make: async () => glueOf(await watGuest(guestDescriptor('wat'))) },
  ])('[SBX-15] is accepted for a component of $what', async ({ make }) => {
    const glue = await make();
    expect(() => checkGlue(glue)).not.toThrow();
  });

  it.each([
    "a': (globalThis.PWN = process.pid, {}), 'b",
    "a': fetch('http://127.0.0.1'), 'b",
    "a': imports.constructor.constructor('return process')(), 'b",
  ])('[SBX-15] is refused where a name broke out of it, with the name gate switched off: %s', async name => {
    const glue = await glueOf(
      await parse(`(component
        (core module $n (func (export "f")))
        (core instance $i (instantiate $n))
        (core module $m (import "${name}" "f" (func)))
        (core instance (instantiate $m (with "${name}" (instance $i)))))`),
    );
    expect(glue).toContain(name);
    expect(() => checkGlue(glue)).toThrow(expect.objectContaining({ code: 'glue_refused' }));
  });

  it('[SBX-92] is refused where it takes lists of a fixed length out of a guest', async () => {
    const fixed = await dummyGuest(guestDescriptor('fixed'), wit =>
      wit.replace('opaque(u32)', 'opaque(list<u32, 1000000>)'),
    );
    const glue = await glueOf(fixed);
    expect(glue).toContain('i < 1000000');
    expect(() => checkGlue(glue)).toThrow(expect.objectContaining({ code: 'glue_refused' }));
  });

  it.each([
    ['process.exit()', 'a name of Node'],
    ['fetch("http://127.0.0.1")', 'the network'],
    ['import("node:fs")', 'an import'],
    ['globalThis.x = 1', 'the global object'],
    ['const g = globalThis;', 'the global object under another name'],
    ['globalThis["process"]', 'the global object by a string'],
    ['imports.f.constructor("return 1")()', 'a constructor of code'],
    ['imports.f["constructor"]("return 1")()', 'a constructor of code by a string'],
    ['({ __proto__: imports })', 'a prototype'],
    ['Object.setPrototypeOf(imports, null)', 'a prototype by a function'],
    ['eval("1")', 'eval'],
    ['new Function("1")', 'Function'],
    ['Reflect.get(imports, "x")', 'Reflect'],
    ['debugger;', 'a debugger statement'],
    ['with (imports) {}', 'with'],
    ['(1, imports.f)()', 'a sequence'],
    ['imports.f`x`', 'a tagged template'],
    ['new.target', 'a meta property'],
    ['{ let process; } process.exit()', 'a name that another scope declares'],
    ['((process) => 1)(); process', 'a name that is the parameter of another function'],
  ])('[SBX-15] is refused with %s: %s', body => {
    expect(() => checkGlue(around(body))).toThrow(expect.objectContaining({ code: 'glue_refused' }));
  });

  it.each(['1 +', 'function other() {}\nreturn other;', 'const x = 1;\nreturn x;', 'return 1;'])(
    '[SBX-15] is refused with another shape: %s',
    text => {
      expect(() => checkGlue(text)).toThrow(expect.objectContaining({ code: 'glue_refused' }));
    },
  );

  it.each([
    'let { a, ...b } = imports, [c = 1] = b; var d = a; for (const e of c) { f: for (;;) break f; }',
    'class A { #p = 1; constructor(x) { this.y = x; } m() { return this.#p; } } return new A(1).m();',
    'try { imports.f(); } catch (error) { throw error; } finally { later(); } function later() {}',
    'return new Promise((a, b) => (resolve = a, reject = b)); var resolve, reject;',
    'const self = function named() { return named; }; return [...arguments].map(x => x ?? 1);',
  ])('[SBX-15] is accepted with honest code: %s', body => {
    expect(() => checkGlue(around(body))).not.toThrow();
  });
});
