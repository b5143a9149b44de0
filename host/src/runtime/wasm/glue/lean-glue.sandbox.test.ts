import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { jsGuest, wasiGuest, watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { transpile } from '../compile/transpile.ts';
import { dropUnreached } from './drop-unreached.ts';
import { prepareGlue } from './glue.ts';
import { checkGlue } from './glue-check.ts';
import { leanGlue } from './lean-glue.ts';

const imports = ['clock', 'random', 'metrics', 'audit', 'request_headers', 'identity_claims'];
const script = `
  export const lifecycle = { configure() {} };
  export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`;

async function glueOf(bytes: Uint8Array): Promise<string> {
  const files = await transpile({ bytes, asyncImports: [], asyncExports: [] }, 60_000);
  return prepareGlue(Buffer.from(files.get('plugin.js') ?? []).toString('utf8'));
}

describe('lean glue', () => {
  it.each([
    ['WebAssembly text', () => watGuest(guestDescriptor('lean'))],
    ['JavaScript', () => jsGuest(guestDescriptor('lean'), script)],
    [
      'JavaScript that imports all that never waits',
      () => jsGuest(guestDescriptor('lean', { required_capabilities: imports }), script),
    ],
    ['JavaScript on WASI', () => wasiGuest(guestDescriptor('lean'), script)],
  ])('[SBX-24] has no tasks, and passes the second belt: %s', async (_, guest) => {
    const glue = await glueOf(await guest());
    const lean = leanGlue(glue);
    expect(glue).toContain('AsyncTask');
    expect(lean).not.toContain('AsyncTask');
    expect(lean.length).toBeLessThan(glue.length / 2);
    expect(() => checkGlue(lean)).not.toThrow();
  });

  it('[SBX-24] is the glue as it came when a task would be left', async () => {
    const glue = await glueOf(await watGuest(guestDescriptor('lean')));
    const other = glue.replace('task.setCalleeIsAsync(false);', 'task.setCalleeIsAsync(!1);');
    expect(other).not.toBe(glue);
    expect(leanGlue(other)).toBe(other);
  });
});

describe('the text that lean glue writes', async () => {
  const lean = leanGlue(await glueOf(await jsGuest(guestDescriptor('lean'), script)));
  const functions = /let dv = [\s\S]*?return res;\n\}/.exec(lean)?.[0];
  type Write = (text: string, realloc: () => number, memory: WebAssembly.Memory) => { ptr: number; len: number };
  const write = vm.runInThisContext(`(() => { ${functions} return _utf8AllocateAndEncode; })()`) as Write;
  const memory = new WebAssembly.Memory({ initial: 4 });
  // The lengths at which it is written in another way: character by character, in a buffer, and as jco does.
  const lengths = [1, 32, 33, 1024, 1025, 65_536, 65_537];
  const odd = ['\0\x7f', '\u0080', 'a😀', '\ud800', `${'a'.repeat(40)}\udc00`];
  const texts = [
    ...odd,
    ...['x', 'é', '😀'].flatMap(each => lengths.map(length => each.repeat(length).slice(0, length))),
  ];

  it.each(texts.map(text => [text.slice(0, 3), text.length, text]))(
    '[SBX-24] is that of the encoder: %j, %i',
    (_, __, text) => {
      const { ptr, len } = write(text, () => 100, memory);
      expect(Buffer.from(memory.buffer, ptr, len)).toEqual(Buffer.from(text));
    },
  );

  it.each(texts.map(text => [text.slice(0, 3), text.length, text]))(
    '[SBX-24] is written where its memory has grown: %j, %i',
    (_, __, text) => {
      const { ptr, len } = write(text, () => memory.grow(4) * 65_536, memory);
      expect(Buffer.from(memory.buffer, ptr, len)).toEqual(Buffer.from(text));
    },
  );

  it.each(texts.map(text => [text.slice(0, 3), text.length, text]))(
    '[SBX-24] is written to the memory it is for: %j, %i',
    (_, __, text) => {
      const other = new WebAssembly.Memory({ initial: 4 });
      write('a', () => 0, memory);
      const { ptr, len } = write(text, () => 0, other);
      expect(Buffer.from(other.buffer, ptr, len)).toEqual(Buffer.from(text));
    },
  );

  it.each([-1, -(2 ** 31), 2 ** 31 - 1])('[SBX-24] is not written at %s, outside of the memory', place => {
    for (const length of lengths.filter(each => each > 3)) {
      const text = 'x'.repeat(length);
      expect(() => write(text, () => place, memory)).toThrow(RangeError);
      expect(() => write(text, () => memory.buffer.byteLength - 3, memory)).toThrow(RangeError);
    }
  });
});

describe('the flag that forbids calls of imports', async () => {
  // A component of several, whose core modules read the flags of the others.
  const glue = await glueOf(await jsGuest(guestDescriptor('lean'), script));
  const globalsIn = (text: string) => text.match(/const instanceFlags\d+ = new WebAssembly\.Global\(/g)?.length ?? 0;

  it('[SBX-24] is a global of WebAssembly only where a core module imports it', () => {
    const isolated = glue.replace(/instance\d+: instanceFlags\d+,/g, '');
    expect([globalsIn(glue), globalsIn(leanGlue(glue))]).toEqual([3, 3]);
    expect([globalsIn(isolated), globalsIn(leanGlue(isolated))]).toEqual([3, 0]);
  });
});

describe('what nothing reaches', () => {
  const instantiate = (body: string) => `function instantiate(imports) { ${body} }\nreturn instantiate;`;

  it.each([
    ['a function', 'function no() {} return 1;', 'no'],
    ['functions that only reach each other', 'function no() { nor(); } function nor() { no(); } return 1;', 'no'],
    ['a class', 'class no { static a = 1; b() {} } return 1;', 'no'],
    ['an inert variable', 'const no = new Map(); return 1;', 'no'],
    ['what is declared in the generator', 'let gen = (function* run() { const no = () => 1; return 1; })();', 'no'],
    ['a variable of the name of a member', 'const no = 1; return imports.no;', 'const no'],
  ])('[SBX-24] is left out: %s', (_, body, gone) => {
    const left = dropUnreached(instantiate(body));
    expect(left).not.toContain(gone === 'no' ? ' no' : gone);
    expect(left).toContain('return');
  });

  it.each([
    ['a function that is called', 'function yes() {} yes();'],
    ['a function that is reached through another', 'function yes() {} const f = () => yes(); return f;'],
    ['a variable whose value has an effect', 'const yes = imports.start();'],
    ['a class whose static members have an effect', 'class yes { static a = imports.start(); }'],
    ['a shorthand property', 'const yes = 1; return { yes };'],
    ['a computed member', "const yes = 'a'; return imports[yes];"],
    ['a default value', 'const yes = 1; return (a = yes) => a;'],
    ['a destructured variable', 'const { yes } = imports;'],
  ])('[SBX-24] is not: %s', (_, body) => {
    expect(dropUnreached(instantiate(body))).toContain('yes');
    expect(dropUnreached(instantiate(body))).toBe(instantiate(body));
  });
});
