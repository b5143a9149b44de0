import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../test/fixtures/guest-descriptor.ts';
import { checkCoreNames, whyForbidden } from './core-names.ts';

/** A component around one core module. */
const componentOf = (module: string) => parse(`(component (core module ${module}))`);
const breakOut = "a': (globalThis.PWN = process.pid, {}), 'b";

describe('names of core modules', () => {
  it.each([
    { position: 'module name of an import', module: `(import "${breakOut}" "f" (func))` },
    { position: 'import', module: `(import "m" "${breakOut}" (func))` },
    { position: 'export', module: `(func (export "${breakOut}"))` },
    { position: 'export of a memory', module: `(memory (export "${breakOut}") 1)` },
    {
      position: 'import after a table',
      module: `(import "m" "t" (table 1 funcref)) (import "m" "${breakOut}" (func))`,
    },
    {
      position: 'import after a global',
      module: `(import "m" "g" (global (mut i32))) (import "m" "${breakOut}" (func))`,
    },
    { position: 'import after a memory', module: `(import "m" "x" (memory 1 2)) (import "m" "${breakOut}" (func))` },
    {
      position: 'import after a tag',
      module: `(type (func)) (import "m" "t" (tag (type 0))) (import "m" "${breakOut}" (func))`,
    },
  ])('[SBX-01] refuses one that breaks out of the glue, as $position', async ({ module }) => {
    const bytes = await componentOf(module);
    expect(() => checkCoreNames(bytes)).toThrow(expect.objectContaining({ code: 'name_forbidden' }));
  });

  it('[SBX-01] refuses one in a nested component', async () => {
    const bytes = await parse(`(component (component (component (core module (func (export "${breakOut}"))))))`);
    expect(() => checkCoreNames(bytes)).toThrow(expect.objectContaining({ code: 'name_forbidden' }));
  });

  it.each([
    ['a`b', 'a quote'],
    ['a"b', 'a quote'],
    ['a\\b', 'a backslash'],
    [`a$\{b}`, 'a template'],
    ['a/*b', 'a comment'],
    ['a*/b', 'the end of a comment'],
    ['a//b', 'a line comment'],
    ['<!--', 'an HTML comment'],
    ['a\nb', 'a line feed'],
    ['a\u2028b', 'a line separator'],
    ['é', 'a letter beyond ASCII'],
    ['__proto__', 'a prototype'],
    ['x'.repeat(1001), 'its length'],
    ['constructor', 'a constructor'],
    ['prototype', 'a prototype'],
  ])('[SBX-01] refuses %j: %s', name => {
    expect(whyForbidden(name)).toBeDefined();
  });

  it.each([
    '',
    'memory',
    'cabi_realloc',
    '$root',
    '[method]x.y',
    'sallyport:plugin/lifecycle@0.1.0#configure',
    'a.b-c_d',
    '0',
  ])('accepts %j, which toolchains make', name => {
    expect(whyForbidden(name)).toBeUndefined();
  });

  it('accepts real components', async () => {
    const js = await jsGuest(guestDescriptor('plain'), idleScript);
    checkCoreNames(js);
    checkCoreNames(await watGuest(guestDescriptor('plain')));
  });

  it.each([
    { what: 'a core module', bytes: () => parse('(module)'), code: 'component_core_module' },
    { what: 'no WebAssembly', bytes: async () => Buffer.from('#!/bin/sh\n'), code: 'component_malformed' },
    { what: 'nothing', bytes: async () => new Uint8Array(), code: 'component_malformed' },
    {
      what: 'a truncated component',
      bytes: async () => (await componentOf('(func (export "f"))')).slice(0, -3),
      code: 'component_malformed',
    },
    {
      what: 'components nested too deep',
      bytes: () => parse(`(component ${'(component '.repeat(20)}${')'.repeat(20)})`),
      code: 'component_malformed',
    },
  ])('[SBX-02] refuses $what', async ({ bytes, code }) => {
    const given = await bytes();
    expect(() => checkCoreNames(given)).toThrow(expect.objectContaining({ code }));
  });
});

const idleScript = `
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };
`;
