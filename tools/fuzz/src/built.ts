import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { findRust } from '@sallyport/cli/build/find-rust';
import { pluginWorld, worldName } from '@sallyport/cli/build/world';
import { type PluginDescriptor, parseDescriptor } from '@sallyport/host/contract';
import { embedDescriptor } from '@sallyport/host/wasm';

const root = join(import.meta.dirname, '../../..');
const witDir = join(root, 'wit');
const built = join(tmpdir(), 'sallyport-fuzz-components');

/** Ids in the components that are built here; those of the other one ask for `outbound_http` and `clock`. */
export const pluginId = 'fuzzed';
export const waitingPluginId = 'fuzzed-waits';

const descriptor = parseDescriptor({
  id: pluginId,
  version: '1.0.0',
  kind: 'transform',
  api: '0.1',
  hooks: ['tool_pre_invoke', 'tool_post_invoke'],
  optional_capabilities: [],
  config_schema: { type: 'object', properties: { text: { type: 'string', pattern: '^a*b' } } },
});

/**
 * Real components, made by the tools that authors use: WebAssembly text first, then JavaScript, and Rust where it is
 * installed. Built once and kept in the temporary folder: a build of JavaScript is not the same bytes each time, and
 * an input must be.
 */
export async function builtComponents(): Promise<readonly Uint8Array[]> {
  const waiting = parseDescriptor({
    ...descriptor,
    id: waitingPluginId,
    required_capabilities: ['outbound_http', 'clock'],
  });
  const all = [
    () => kept('wat', wat(descriptor, '')),
    () => kept('wat-traps', wat(descriptor, '(if (i32.eqz (global.get $next)) (then unreachable))')),
    () => kept('js', example('redact-emails', descriptor)),
    () => kept('js-waits', example('redact-emails', waiting)),
    ...((await hasRust()) ? [() => kept('rust', example('redact-emails-rust', descriptor))] : []),
  ];
  const components: Uint8Array[] = [];
  for (const make of all) components.push(await make());
  return components;
}

/** What `make` made, now or earlier of the same contract. */
async function kept(name: string, make: (out: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  const key = createHash('sha256')
    .update(`${await contract()}${JSON.stringify(descriptor)}`)
    .digest('hex');
  const file = join(built, key.slice(0, 16), `${name}.wasm`);
  const present = await readFile(file).catch(() => undefined);
  if (present !== undefined) return new Uint8Array(present);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, await make(draft));
  await rename(draft, file);
  return new Uint8Array(await readFile(file));
}

const example = (name: string, described: PluginDescriptor) => async (out: string) => {
  const { bytes } = await buildPlugin({ folder: join(root, 'plugins-examples', name), descriptor: described, out });
  return bytes;
};

const hasRust = () =>
  findRust(pluginId).then(
    () => true,
    () => false,
  );

/** A component of text. Results are read at address 1024, where zeros mean `ok(proceed)`. */
const wat = (described: PluginDescriptor, body: string) => async (): Promise<Uint8Array> => {
  const core = await parse(`(module
    (memory (export "memory") 2)
    (table $table 2 funcref)
    (global $next (mut i32) (i32.const 4096))
    (data (i32.const 2048) "some data of the module")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "sallyport:plugin/lifecycle@0.1.0#configure") (param i32 i32) (result i32) ${body} (i32.const 1024))
    (func (export "sallyport:plugin/dispatch-hooks@0.1.0#before-dispatch") (param i32) (result i32) ${body} (i32.const 1024))
    (func (export "sallyport:plugin/dispatch-hooks@0.1.0#after-dispatch") (param i32) (result i32) ${body} (i32.const 1024)))`);
  const witSource = `${await contract()}\n${pluginWorld(described).replace(/^package.*$/m, '')}`;
  const embedded = await componentEmbed({ binary: core, witSource, world: worldName, stringEncoding: 'utf8' });
  return embedDescriptor(await componentNew(embedded, []), described);
};

/** The interfaces of wit/ as one text. */
async function contract(): Promise<string> {
  const names = (await readdir(witDir)).filter(name => name.endsWith('.wit') && name !== 'worlds.wit').sort();
  const texts = await Promise.all(names.map(name => readFile(join(witDir, name), 'utf8')));
  return `package sallyport:plugin@0.1.0;\n${texts.map(text => text.replace(/^package .*;$/m, '')).join('\n')}`;
}
