import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';
import type { Capability } from '../../../capability/capability.ts';
import { contractFunctions } from '../../../contract/generated/functions.ts';
import { interfaceOf } from '../../../contract/interface-name.ts';
import { type Digest, digestOf } from '../../../core/digest.ts';
import { fail } from '../../../core/fault.ts';
import type { Log } from '../../../core/log.ts';
import { fuelImport, fuelRules } from '../../../wasm/fuel/inject-fuel.ts';
import { divideGrowth, type Growing, growingIn } from '../../../wasm/growth-shares.ts';
import { limitGrowth } from '../../../wasm/memory-limit.ts';
import type { PluginLimits } from '../../limits.ts';
import { glueFile } from '../glue/finish-glue.ts';
import { instancesIn } from '../glue/glue.ts';
import { checkGlue, glueRules } from '../glue/glue-check.ts';
import { isLean } from '../glue/lean-glue.ts';
import type { CompileCache } from './compile-cache.ts';
import type { Component } from './component.ts';
import type { InspectedComponent } from './inspect.ts';
import { transpile } from './transpile.ts';

/**
 * Compiles an inspected component for lanes: jco translates it, or the cache has the result, and what can grow gets a
 * maximum. The glue is checked in both cases. If fuel is limited, the core modules are rewritten to use it, which the
 * cache keeps apart.
 * @throws Fault `compile_failed`, `compile_timeout`, `glue_*`, `memory_over_limit`, `component_*`
 */
export async function compile(
  { artifact, imports, exports }: InspectedComponent,
  options: {
    capabilities: readonly Capability[];
    limits: PluginLimits;
    cache: CompileCache | undefined;
    /** Whether its lane will be a process, which needs the bytes of modules and shares no memory. */
    isProcess: boolean;
    log: Log;
    signal?: AbortSignal | undefined;
  },
): Promise<Component> {
  const asyncImports = asyncImportsOf(imports, options.capabilities, options.isProcess);
  const asyncExports =
    asyncImports.length > 0
      ? exports.flatMap(
          // jco needs the name of each function that runs with JSPI.
          exported => Object.keys(contractFunctions[exported] ?? {}).map(name => `${exported}#${name}`),
        )
      : [];
  const isFuelled = options.limits.fuel !== undefined;
  const rules = { jcoVersion, glueRules, ...(isFuelled && { fuelRules }) };
  const key = digestOf(Buffer.from(JSON.stringify([artifact.digest, rules, asyncImports, asyncExports])));
  let files = await options.cache?.read(key);
  if (files === undefined || !isChecked(files)) {
    const order = { bytes: artifact.bytes, asyncImports, asyncExports, isFinished: true, isFuelled };
    files = await transpile(order, options.limits.compileMs, options.signal);
    await options.cache?.write(key, files);
  }
  const glue = textOf(files, glueFile);
  // Checked in the glue that will run, so that a plugin from the cache is reported, too.
  if (asyncImports.length === 0 && !isLean(glue)) {
    options.log.warn(
      { plugin: artifact.descriptor.id, hint: 'report it to Sallyport, with the plugin and its toolchain' },
      'the plugin runs slower than it could: the bookkeeping of tasks could not be removed from its glue',
    );
  }
  const modules = new Map<string, WebAssembly.Module>();
  const binaries = new Map<string, Uint8Array>();
  const growing = new Map<string, Growing & { readonly instances: number }>();
  const instances = instancesIn(glue);
  for (const [name, bytes] of files) {
    if (name.endsWith('.wasm')) growing.set(name, { ...growingIn(bytes), instances: instances.get(name) ?? 0 });
  }
  for (const [name, growth] of divideGrowth(growing, options.limits.memoryBytes)) {
    const limited = limitGrowth(files.get(name) ?? fail('glue_unknown', { missing: name }), growth);
    if (options.isProcess) binaries.set(name, limited);
    modules.set(name, await compileModule(limited));
  }
  const asynchronous = asyncImports.length > 0;
  return { glue, modules, binaries, instances, asynchronous, ...(isFuelled && { fuelCounter: fuelImport }) };
}

/** The glue that was accepted in this process. A plugin that is configured twice, or reloaded, has the same. */
const accepted = new Set<Digest>();

/** Returns whether the current rules accept glue from the cache. */
function isChecked(files: ReadonlyMap<string, Uint8Array>): boolean {
  try {
    const digest = digestOf(files.get(glueFile) ?? fail('glue_unknown', { missing: glueFile }));
    if (!accepted.has(digest)) checkGlue(textOf(files, glueFile));
    accepted.add(digest);
    return true;
  } catch {
    return false;
  }
}

function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  const bytes = files.get(name);
  return bytes === undefined ? fail('glue_unknown', { missing: name }) : Buffer.from(bytes).toString('utf8');
}

/**
 * Returns the imported functions that wait. Some wait only beside those of another capability: `wasi:io/poll`,
 * `wasi:http`.
 */
const asyncImportsOf = (
  imports: readonly string[],
  capabilities: readonly Capability[],
  isProcess: boolean,
): string[] => {
  const imported = new Set(imports.map(interfaceOf));
  return capabilities
    .filter(({ wit }) => wit.some(name => imported.has(interfaceOf(name))))
    .flatMap(({ asyncImports = [], blockingImports = [] }) => [...asyncImports, ...(isProcess ? blockingImports : [])])
    .filter(name => imported.has(name.replace(/#.*$/, '')));
};

/**
 * Returns the names of the capabilities that a component imports and whose functions wait, or would wait on the
 * gateway's thread for that thread.
 */
export const waitingCapabilities = (imports: readonly string[], capabilities: readonly Capability[]): string[] =>
  capabilities
    .filter(each => asyncImportsOf(imports, [each], each.lends === undefined).length > 0)
    .map(({ name }) => name);

async function compileModule(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    return fail('compile_failed', { reason: error instanceof Error ? error.message : String(error) }, error);
  }
}

const jcoVersion = z
  .object({ version: z.string() })
  .parse(
    JSON.parse(readFileSync(findPackageJSON('@bytecodealliance/jco-transpile', import.meta.url) ?? '', 'utf8')),
  ).version;
