import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, wasiGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { isolationLevels } from '../fixtures/isolation-levels.ts';
import { openBesieged } from '../fixtures/open-besieged.ts';
import { puppet } from '../fixtures/puppet.ts';
import { openGuests } from '../fixtures/sandboxed.ts';
import { endure } from '../fixtures/siege.ts';

const run = `run: code => { const value = (0, eval)(code); return typeof value === 'function' ? 'a function' : String(value); }`;

const wasi = (imports: string) => `
  package wasi:io@0.2.3 {
    interface error { resource error; }
    interface streams {
      use error.{error};
      variant stream-error { last-operation-failed(error), closed }
      resource input-stream { blocking-read: func(len: u64) -> result<list<u8>, stream-error>; }
    }
  }
  package wasi:cli@0.2.3 {
    interface environment {
      get-environment: func() -> list<tuple<string, string>>;
      get-arguments: func() -> list<string>;
      initial-cwd: func() -> option<string>;
    }
    interface stdin { use wasi:io/streams@0.2.3.{input-stream}; get-stdin: func() -> input-stream; }
  }
  package wasi:filesystem@0.2.3 {
    interface types { resource descriptor { sync-data: func() -> result; } }
    interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
  }
  package wasi:clocks@0.2.3 {
    interface monotonic-clock { now: func() -> u64; }
    interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
  }
  package wasi:random@0.2.3 { interface random { get-random-u64: func() -> u64; } }
  package wasi:sockets@0.2.3 { interface instance-network { resource network; instance-network: func() -> network; } }
  package wasi:keyvalue@0.2.3 { interface store { count: func() -> u32; } }
  world plugin {
    ${imports}
    export lifecycle;
    export dispatch-hooks;
  }`;

/** Every door of WASI that leads to the machine elsewhere; a trap where there is anything behind it. */
const doors = {
  world: wasi(`
    import wasi:cli/environment@0.2.3;
    import wasi:cli/stdin@0.2.3;
    import wasi:io/streams@0.2.3;
    import wasi:filesystem/preopens@0.2.3;`),
  fields: `
    (import "wasi:cli/environment@0.2.3" "get-environment" (func $environment (param i32)))
    (import "wasi:cli/environment@0.2.3" "get-arguments" (func $arguments (param i32)))
    (import "wasi:cli/environment@0.2.3" "initial-cwd" (func $cwd (param i32)))
    (import "wasi:cli/stdin@0.2.3" "get-stdin" (func $stdin (result i32)))
    (import "wasi:io/streams@0.2.3" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
    (import "wasi:filesystem/preopens@0.2.3" "get-directories" (func $directories (param i32)))`,
  before: `
    ${['environment', 'arguments', 'directories'].map(each => `(call $${each} (i32.const 512)) (if (i32.load (i32.const 516)) (then unreachable))`).join('\n')}
    (call $cwd (i32.const 512)) (if (i32.load8_u (i32.const 512)) (then unreachable))
    (call $read (call $stdin) (i64.const 100) (i32.const 512))
    (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))`,
};

/** Uses a descriptor of a file that it was never given. */
const forges = {
  world: wasi('import wasi:filesystem/types@0.2.3;'),
  fields: `(import "wasi:filesystem/types@0.2.3" "[method]descriptor.sync-data" (func $sync (param i32) (result i32)))`,
  before: '(drop (call $sync (i32.const 3)))',
};

/** Reads where no memory is. */
const reaches = { before: '(drop (i32.load8_u (i32.const 0xffffff00)))' };

/** Toolchains leave out what is not used, so each is imported by a function of it. */
const functionOf: Readonly<Record<string, string>> = {
  'wasi:clocks/monotonic-clock@0.2.3': '(import "wasi:clocks/monotonic-clock@0.2.3" "now" (func (result i64)))',
  'wasi:clocks/wall-clock@0.2.3': '(import "wasi:clocks/wall-clock@0.2.3" "now" (func (param i32)))',
  'wasi:random/random@0.2.3': '(import "wasi:random/random@0.2.3" "get-random-u64" (func (result i64)))',
  'wasi:sockets/instance-network@0.2.3':
    '(import "wasi:sockets/instance-network@0.2.3" "instance-network" (func (result i32)))',
  'wasi:keyvalue/store@0.2.3': '(import "wasi:keyvalue/store@0.2.3" "count" (func (result i32)))',
  'sallyport:plugin/clock@0.1.0': '(import "sallyport:plugin/clock@0.1.0" "now-ms" (func (result i64)))',
  'sallyport:plugin/outbound-http@0.1.0':
    '(import "sallyport:plugin/outbound-http@0.1.0" "send" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))',
  'sallyport:plugin/kv-store@0.1.0': '(import "sallyport:plugin/kv-store@0.1.0" "get" (func (param i32 i32 i32)))',
  'sallyport:plugin/secret-store@0.1.0':
    '(import "sallyport:plugin/secret-store@0.1.0" "get" (func (param i32 i32 i32)))',
};

describe.each(isolationLevels)('while a plugin looks around, $isolation', ({ isolation, limits, floorMs }) => {
  let besieged: Awaited<ReturnType<typeof openBesieged>>;
  const refused: { what: string; bytes: Uint8Array }[] = [];
  const hooks = { hooks: ['tool_pre_invoke'] };

  beforeAll(async () => {
    const made = {
      looks: jsGuest(guestDescriptor('looks', hooks), puppet('looks', '', run)),
      doors: watGuest(guestDescriptor('doors', hooks), doors),
      forges: watGuest(guestDescriptor('forges', hooks), forges),
      reaches: watGuest(guestDescriptor('reaches', hooks), reaches),
    };
    const guests = Object.fromEntries(
      await Promise.all(
        Object.entries(made).map(async ([id, bytes]) => [id, { bytes: await bytes, isolation, limits }] as const),
      ),
    );
    for (const what of [
      'wasi:clocks/monotonic-clock@0.2.3',
      'wasi:clocks/wall-clock@0.2.3',
      'wasi:random/random@0.2.3',
      'wasi:sockets/instance-network@0.2.3',
      'wasi:keyvalue/store@0.2.3',
      'sallyport:plugin/clock@0.1.0',
      'sallyport:plugin/outbound-http@0.1.0',
      'sallyport:plugin/kv-store@0.1.0',
      'sallyport:plugin/secret-store@0.1.0',
    ]) {
      const name = what.startsWith('sallyport') ? what.replace(/^.*\/|@.*$/g, '') : what;
      refused.push({
        what,
        bytes: await watGuest(guestDescriptor('sneaks'), {
          world: wasi(`import ${name};`),
          fields: functionOf[what] ?? '',
        }),
      });
    }
    refused.push({ what: 'wasi:clocks', bytes: await wasiGuest(guestDescriptor('sneaks'), puppet('sneaks', '', '')) });
    besieged = await openBesieged({
      guests,
      bindings: Object.fromEntries(Object.keys(made).map(id => [id, { plugins: [id] }])),
    });
  });
  afterAll(() => besieged?.[Symbol.asyncDispose]());

  const undefinedGlobals = [
    'process',
    'require',
    'module',
    'std',
    'os',
    'scriptArgs',
    'fetch',
    'XMLHttpRequest',
    'WebAssembly',
  ]
    .concat([
      'Worker',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'Deno',
      'Bun',
      'navigator',
      'localStorage',
      'Buffer',
    ])
    .concat(['Atomics', 'Intl', 'Temporal', 'global', 'window', 'self', 'print', 'gc']);

  it('[SBX-43] JavaScript finds nothing of the host', async () => {
    await using strings = await besieged.strings('looks');
    const tries: readonly (readonly [code: string, said: unknown])[] = [
      ...undefinedGlobals.map(name => [`typeof ${name}`, 'undefined'] as const),
      ['Function("return typeof process")()', 'undefined'],
      ['console.log.constructor("return typeof process")()', 'undefined'],
      ['(async () => {}).constructor("return typeof process") instanceof Function', 'true'],
      ['Object.getPrototypeOf(console.log).constructor("return typeof require")()', 'undefined'],
      ['[].constructor.constructor("return Object.keys(this).includes(\'process\')")()', 'false'],
      ['new Date(2026, 0, 1).getTimezoneOffset()', '0'],
    ];
    await endure(
      besieged.load,
      async () => {
        const said = await strings.pull(
          'looks',
          tries.map(([code]) => ['run', code]),
        );
        expect(said).toEqual(tries.map(([, expected]) => expected));
        expect(besieged.audited()).toEqual([]);
      },
      floorMs,
    );
  });

  it('[SBX-43] there is nothing behind any door of WASI', async () => {
    await using strings = await besieged.strings('doors');
    await endure(
      besieged.load,
      async () => {
        expect(await strings.call({})).toMatchObject({ answered: expect.any(Array) });
      },
      floorMs,
    );
  });

  it.each([
    { what: 'a file that was never opened', id: 'forges' },
    { what: 'beyond its memory', id: 'reaches' },
  ])('[SBX-43] reaching for $what is a trap', async ({ id }) => {
    await using strings = await besieged.strings(id);
    await endure(
      besieged.load,
      async () => {
        expect(await strings.call({})).toMatchObject({ plugin: id, code: 'plugin_failed' });
      },
      floorMs,
    );
  });

  it('[SBX-44] JavaScript sees no time, however it asks', async () => {
    await using strings = await besieged.strings('looks');
    const needs = { error: expect.stringContaining('"clock"') };
    const asks = ['Date.now()', 'new Date()', 'Date()', 'performance.now()', 'new (class extends Date {})()']
      .concat(['new Date(0).constructor.now()', 'Reflect.construct(Date, [], Object)', 'Date.prototype.constructor()'])
      .concat([
        'Reflect.construct(new Date(0).constructor, [])',
        '(0, Date.now)()',
        'Reflect.apply(Date, undefined, [])',
      ]);
    const nothing = [
      ['performance.timeOrigin', 'undefined'],
      ['Object.keys(performance).join()', 'now'],
      ['String(new Date(undefined))', 'Invalid Date'],
      ['Date.parse("now")', 'NaN'],
    ] as const;
    await endure(
      besieged.load,
      async () => {
        expect(
          await strings.pull(
            'looks',
            asks.map(code => ['run', code]),
          ),
        ).toEqual(asks.map(() => needs));
        expect(
          await strings.pull(
            'looks',
            nothing.map(([code]) => ['run', code]),
          ),
        ).toEqual(nothing.map(([, said]) => said));
      },
      floorMs,
    );
  });

  it('[SBX-44] a component that imports what it did not declare is not loaded beside those that serve', async () => {
    await endure(
      besieged.load,
      async () => {
        for (const { what, bytes } of refused) {
          const fault = await openGuests([{ bytes, isolation, limits }]).then(
            () => 'it was loaded',
            (error: { code?: string; faults?: { code: string }[] }) => error.faults?.[0]?.code ?? error.code,
          );
          expect({ what, fault }).toEqual({ what, fault: expect.stringMatching(/^(capability_undeclared|import_)/) });
        }
      },
      floorMs,
    );
  });
});
