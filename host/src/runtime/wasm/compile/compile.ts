import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';
import type { Capability } from '../../../capability/capability.ts';
import { contractFunctions } from '../../../contract/generated/functions.ts';
import { interfaceOf } from '../../../contract/interface-name.ts';
import { digestOf } from '../../../core/digest.ts';
import { fail } from '../../../core/fault.ts';
import type { Log } from '../../../core/log.ts';
import { divideGrowth, type Growing, growingIn } from '../../../wasm/growth-limit.ts';
import { clamp } from '../../../wasm/memory-limit.ts';
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
 * Compiles an inspected component for lanes: translated by jco and its glue checked (or taken from the cache), and what
 * can grow bounded.
 * @throws Fault `compile_failed`, `compile_timeout`, `glue_*`, `memory_over_limit`, `component_*`
 */
export async function compile(
  { artifact, imports, exports }: InspectedComponent,
  on: {
    capabilities: readonly Capability[];
    limits: PluginLimits;
    cache: CompileCache | undefined;
    keepBytes: boolean;
    log: Log;
    signal?: AbortSignal | undefined;
  },
): Promise<Component> {
  const asyncImports = asyncImportsOf(imports, on.capabilities);
  const asyncExports =
    asyncImports.length > 0
      ? exports.flatMap(
          // With JSPI, each function must be named to jco.
          exported => Object.keys(contractFunctions[exported] ?? {}).map(name => `${exported}#${name}`),
        )
      : [];
  const key = digestOf(
    Buffer.from(JSON.stringify([artifact.digest, jcoVersion, glueRules, asyncImports, asyncExports])),
  );
  let files = await on.cache?.read(key);
  if (files === undefined || !isChecked(files)) {
    const order = { bytes: artifact.bytes, asyncImports, asyncExports, isFinished: true };
    files = await transpile(order, on.limits.compileMs, on.signal);
    await on.cache?.write(key, files);
  }
  const glue = textOf(files, glueFile);
  // Looked for in the glue that will run, so that a plugin from the cache is reported as well.
  if (asyncImports.length === 0 && !isLean(glue)) {
    on.log.warn(
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
  for (const [name, growth] of divideGrowth(growing, on.limits.memoryBytes)) {
    const clamped = clamp(files.get(name) ?? fail('glue_unknown', { missing: name }), growth);
    if (on.keepBytes) binaries.set(name, clamped);
    modules.set(name, await compileModule(clamped));
  }
  return { glue, modules, binaries, instances, asynchronous: asyncImports.length > 0 };
}

/** Whether glue that was kept is what the rules of today accept: it is not taken on the word of a file. */
function isChecked(files: ReadonlyMap<string, Uint8Array>): boolean {
  try {
    checkGlue(textOf(files, glueFile));
    return true;
  } catch {
    return false;
  }
}

function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  const bytes = files.get(name);
  return bytes === undefined ? fail('glue_unknown', { missing: name }) : Buffer.from(bytes).toString('utf8');
}

/** Functions of other capabilities wait too when a waiting one is imported: `wasi:io/poll` beside `wasi:http`. */
const asyncImportsOf = (imports: readonly string[], capabilities: readonly Capability[]): string[] => {
  const imported = new Set(imports.map(interfaceOf));
  return capabilities
    .filter(({ wit }) => wit.some(name => imported.has(interfaceOf(name))))
    .flatMap(({ asyncImports = [] }) => asyncImports.filter(name => imported.has(name.replace(/#.*$/, ''))));
};

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
