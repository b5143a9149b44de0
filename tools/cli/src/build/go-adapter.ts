import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentEmbed, parse } from '@bytecodealliance/jco-transpile/wasm-tools';

/** The system capabilities of a Go plugin, beside the log. */
export interface GoPowers {
  readonly clock: boolean;
  readonly random: boolean;
}

/** The number of bytes that Go's linker leaves free at the start of memory. */
export const freeMemory = 4096 + 8192;

/** Offsets in that free memory: the line buffers of stdout and stderr, our own strings, and results of host calls. */
const place = { stdout: 4096, stderr: 4096 + 2048, text: 8192, given: 8192 + 16 };
const longestLine = 2048;
const mostGiven = 2048;

/** System functions that Go may import, with their parameter types as letters: i is i32, I is i64. */
const functions: Readonly<Record<string, string>> = {
  ...{ args_get: 'ii', environ_get: 'ii', clock_res_get: 'ii', fd_advise: 'iIIi', fd_allocate: 'iII', fd_close: 'i' },
  ...{ fd_datasync: 'i', fd_fdstat_get: 'ii', fd_fdstat_set_flags: 'ii', fd_fdstat_set_rights: 'iII' },
  ...{ fd_filestat_get: 'ii', fd_filestat_set_size: 'iI', fd_filestat_set_times: 'iIIi', fd_pread: 'iiiIi' },
  ...{ fd_prestat_get: 'ii', fd_prestat_dir_name: 'iii', fd_pwrite: 'iiiIi', fd_read: 'iiii', fd_readdir: 'iiiIi' },
  ...{ fd_renumber: 'ii', fd_seek: 'iIii', fd_sync: 'i', fd_tell: 'ii', path_create_directory: 'iii' },
  ...{ path_filestat_get: 'iiiii', path_filestat_set_times: 'iiiiIIi', path_link: 'iiiiiii', path_open: 'iiiiiIIii' },
  ...{ path_readlink: 'iiiiii', path_remove_directory: 'iii', path_rename: 'iiiiii', path_symlink: 'iiiii' },
  ...{ path_unlink_file: 'iii', proc_raise: 'i', sock_accept: 'iii', sock_recv: 'iiiiii', sock_send: 'iiiii' },
  ...{ sock_shutdown: 'ii' },
};
/** WASI preview 1, § errno: `badf` and `nosys`. */
const [notOpen, notThere] = [8, 52];

/**
 * Builds the adapter between Go's runtime, which needs WASI preview 1, and the plugin's world. It provides the log, and
 * the clock and random numbers where they are declared. Using an undeclared capability logs a line and ends the call,
 * except for what the runtime itself needs: a clock that only counts calls, which orders its own timers, and one seed.
 */
export async function goAdapter(worldDir: string, powers: GoPowers): Promise<Uint8Array> {
  const imports = [
    'log',
    ...(powers.clock ? ['clock', 'wasi:clocks/monotonic-clock@0.2.0', 'wasi:io/poll@0.2.0'] : []),
    ...(powers.random ? ['random'] : []),
  ];
  const world = `world adapter {\n${imports.map(name => `  import ${name};\n`).join('')}}\n`;
  const embedded = await componentEmbed({
    binary: await parse(adapterText(powers)),
    witSource: `${await contractText(worldDir)}\n${world}\n${powers.clock ? wasi : ''}`,
    world: 'adapter',
    stringEncoding: 'utf8',
  });
  return embedded;
}

/** Joins the WIT files of a folder into one text. */
export async function contractText(worldDir: string): Promise<string> {
  const names = (await readdir(worldDir)).filter(name => name.endsWith('.wit')).sort();
  const texts = await Promise.all(names.map(name => readFile(join(worldDir, name), 'utf8')));
  const packageLine = /^package .*;$/m;
  return [packageLine.exec(texts[0] ?? '')?.[0], ...texts.map(text => text.replace(packageLine, ''))].join('\n');
}

/** The part of WASI 0.2 that waiting needs. */
const wasi = `package wasi:io@0.2.0 {
  interface poll { resource pollable { block: func(); } }
}
package wasi:clocks@0.2.0 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.0.{pollable};
    subscribe-duration: func(when: u64) -> pollable;
  }
}
`;

export const undeclared = (what: string, capability: string) =>
  `${what} needs the capability ${capability}: name it in required_capabilities of plugin.json`;

function adapterText({ clock, random }: GoPowers): string {
  const contract = (name: string) => `"sallyport:plugin/${name}@0.1.0"`;
  return `(module
  (import "env" "memory" (memory 0))
  (import ${contract('log')} "write" (func $log (param i32 i32 i32)))
  ${clock ? clockImports(contract('clock')) : ''}
  ${random ? `(import ${contract('random')} "bytes" (func $bytes (param i32 i32)))` : ''}
  (global $stdout (mut i32) (i32.const 0))
  (global $stderr (mut i32) (i32.const 0))
  (global $asked (mut i64) (i64.const 0))
  (global $seeded (mut i32) (i32.const 0))

  ;; Where the host writes results for this module.
  (func (export "cabi_import_realloc") (param i32 i32 i32 i32) (result i32) (i32.const ${place.given}))

  ${lines('stdout', 1)}
  ${lines('stderr', 2)}
  (func (export "fd_write") (param $fd i32) (param $from i32) (param $count i32) (param $written i32) (result i32)
    (local $at i32) (local $end i32) (local $sum i32)
    (if (i32.gt_u (i32.sub (local.get $fd) (i32.const 1)) (i32.const 1)) (then (return (i32.const ${notOpen}))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $at (i32.load (local.get $from)))
        (local.set $end (i32.add (local.get $at) (i32.load offset=4 (local.get $from))))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $from))))
        (block $written
          (loop $byte
            (br_if $written (i32.eq (local.get $at) (local.get $end)))
            (if (i32.eq (local.get $fd) (i32.const 1))
              (then (call $put_stdout (i32.load8_u (local.get $at))))
              (else (call $put_stderr (i32.load8_u (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $byte)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  (func (export "proc_exit") (param i32) (call $flush_stdout) (call $flush_stderr) unreachable)
  (func (export "sched_yield") (result i32) (i32.const 0))
  (func $nothing (param $count i32) (param $size i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $size) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $nothing))
  (export "environ_sizes_get" (func $nothing))
  ${clock ? clockFunctions : clockRefusals}
  ${random ? randomFunction : randomRefusal}
  ${Object.entries(functions).map(refusal).join('\n  ')}
)`;
}

/** Buffers one of the streams and writes it to the log line by line. */
const lines = (stream: 'stdout' | 'stderr', level: number) => `
  (func $flush_${stream}
    (if (global.get $${stream})
      (then (call $log (i32.const ${level}) (i32.const ${place[stream]}) (global.get $${stream}))))
    (global.set $${stream} (i32.const 0)))
  (func $put_${stream} (param $byte i32)
    (if (i32.eq (local.get $byte) (i32.const 10)) (then (call $flush_${stream}) (return)))
    (i32.store8 (i32.add (i32.const ${place[stream]}) (global.get $${stream})) (local.get $byte))
    (global.set $${stream} (i32.add (global.get $${stream}) (i32.const 1)))
    (if (i32.eq (global.get $${stream}) (i32.const ${longestLine})) (then (call $flush_${stream}))))`;

const refusal = ([name, letters]: [string, string]) => {
  const params = [...letters].map(letter => (letter === 'i' ? 'i32' : 'i64')).join(' ');
  return `(func (export "${name}") (param ${params}) (result i32) (i32.const ${name.startsWith('fd_') ? notOpen : notThere}))`;
};

/** Logs a line and ends the call. An adapter module cannot have data sections, so the text is written as numbers. */
function refuse(message: string): string {
  const bytes = Buffer.alloc(Math.ceil(Buffer.byteLength(message) / 8) * 8);
  bytes.write(message);
  const stores = Array.from({ length: bytes.length / 8 }, (_, index) => {
    const value = bytes.readBigInt64LE(index * 8);
    return `(i64.store offset=${index * 8} (i32.const ${place.text}) (i64.const ${value}))`;
  });
  const error = 3;
  return `${stores.join(' ')}
    (call $log (i32.const ${error}) (i32.const ${place.text}) (i32.const ${Buffer.byteLength(message)}))
    unreachable`;
}

const clockImports = (contract: string) => `
  (import ${contract} "now-ms" (func $now (result i64)))
  (import ${contract} "monotonic-ns" (func $monotonic (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))`;

/** The clock functions. The monotonic clock is shifted by 1, because Go does not accept 0. */
const clockFunctions = `
  (func $ticks (result i64) (i64.add (call $monotonic) (i64.const 1)))
  (func (export "clock_time_get") (param $id i32) (param i64) (param $to i32) (result i32)
    (if (local.get $id)
      (then (i64.store (local.get $to) (call $ticks)))
      (else (i64.store (local.get $to) (i64.mul (call $now) (i64.const 1000000)))))
    (i32.const 0))
  ;; Go only ever waits for a single point in time. (WASI preview 1, § subscription, § event)
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (local $timeout i64) (local $wait i32)
    (if (i32.load8_u offset=8 (local.get $in)) (then (return (i32.const ${notThere}))))
    (local.set $timeout (i64.load offset=24 (local.get $in)))
    (if (i32.load16_u offset=40 (local.get $in))
      (then (local.set $timeout (i64.sub (local.get $timeout) (call $ticks)))))
    (if (i64.gt_s (local.get $timeout) (i64.const 0))
      (then
        (local.set $wait (call $after (local.get $timeout)))
        (call $block (local.get $wait))
        (call $drop (local.get $wait))))
    (i64.store (local.get $out) (i64.load (local.get $in)))
    (i64.store offset=8 (local.get $out) (i64.const 0))
    (i32.store (local.get $events) (i32.const 1))
    (i32.const 0))`;

/**
 * The clock functions without the capability. The runtime reads the clock when it collects garbage, with precision 0;
 * package syscall passes a precision, and package time is patched by go-time.ts. The runtime itself sleeps for whole
 * microseconds only (while it prints a panic, for example). A plugin's wait is never that round, because the clock
 * advances between reading it and waiting.
 */
const clockRefusals = `
  (func (export "clock_time_get") (param i32) (param $precision i64) (param $to i32) (result i32)
    (if (i64.ne (local.get $precision) (i64.const 0)) (then ${refuse(undeclared('Time', 'clock'))}))
    (global.set $asked (i64.add (global.get $asked) (i64.const 1)))
    (i64.store (local.get $to) (global.get $asked))
    (i32.const 0))
  (func (export "poll_oneoff") (param $in i32) (param i32 i32) (param $events i32) (result i32)
    (if (i64.ne (i64.rem_u (i64.load offset=24 (local.get $in)) (i64.const 1000)) (i64.const 0))
      (then ${refuse(undeclared('Waiting', 'clock'))}))
    (i32.store (local.get $events) (i32.const 0))
    (i32.const 0))`;

const randomFunction = `
  (func (export "random_get") (param $to i32) (param $count i32) (result i32)
    (local $part i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $part (select (local.get $count) (i32.const ${mostGiven})
          (i32.lt_u (local.get $count) (i32.const ${mostGiven}))))
        (call $bytes (local.get $part) (i32.const ${place.text}))
        (memory.copy (local.get $to) (i32.load (i32.const ${place.text})) (local.get $part))
        (local.set $to (i32.add (local.get $to) (local.get $part)))
        (local.set $count (i32.sub (local.get $count) (local.get $part)))
        (br $next)))
    (memory.fill (i32.const ${place.given}) (i32.const 0) (i32.const ${mostGiven}))
    (i32.const 0))`;

const randomRefusal = `
  (func (export "random_get") (param $to i32) (param $count i32) (result i32)
    (if (global.get $seeded) (then ${refuse(undeclared('crypto/rand', 'random'))}))
    (global.set $seeded (i32.const 1))
    (memory.fill (local.get $to) (i32.const 1) (local.get $count))
    (i32.const 0))`;
