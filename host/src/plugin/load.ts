import type { Capability } from '../capability/capability.ts';
import { decideGrant } from '../capability/grant.ts';
import { shadowGrant } from '../capability/shadow.ts';
import type { PluginConfig, SourceConfig } from '../config/config.ts';
import { Faults, toFaults } from '../core/fault.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import type { WasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
import { fetchArtifact, type Source } from '../source/source.ts';
import type { Verifier } from '../verify/verifier.ts';
import { checkContract } from './check-contract.ts';
import { checkInline } from './check-inline.ts';
import type { Plugin } from './plugin.ts';
import { checkConfigs } from './plugin-config.ts';
import { chosenHooks } from './plugin-hooks.ts';
import { type LimitSettings, pluginLimits } from './plugin-limits.ts';

export interface LoadContext {
  readonly source: (source: SourceConfig, entry: PluginConfig) => Source;
  /** Without a lock, plugins are not compared with what was accepted before. */
  readonly lock?: Lock | undefined;
  readonly verifier: Verifier;
  readonly runtime: WasmRuntime;
  readonly capabilities: readonly Capability[];
  /** Returns a plugin that was loaded before from the same entry, under the same conditions. */
  readonly known?: ((entry: PluginConfig) => Plugin | undefined) | undefined;
  readonly limits: LimitSettings['all'];
  /** Aborts the pulling and compiling of all plugins. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads the plugin of one entry of the operator's file. Each step takes a type that only the step before creates, so no
 * step can be left out.
 * @throws Faults, each naming the plugin
 */
async function loadPlugin(entry: PluginConfig, context: LoadContext): Promise<Plugin> {
  try {
    const artifact = await fetchArtifact(
      context.source(context.lock?.sourceOf(entry) ?? entry.source, entry),
      context.signal,
    );
    const verified = await context.verifier.verify(artifact, {
      id: entry.id,
      publicKey: entry.source.public_key,
      stated: entry.descriptor,
    });
    const { descriptor } = verified;
    const inspected = context.runtime.inspect(verified);
    checkContract(descriptor, inspected);
    if (entry.isolation === 'inline') checkInline(entry, inspected, context.capabilities);
    const hooks = chosenHooks(entry.hooks, descriptor);
    const configs = checkConfigs(entry, descriptor);
    const limits = pluginLimits(descriptor, { all: context.limits, own: entry.limits }, entry.isolation);
    const grant = allOf(
      () => context.lock?.check(entry, verified, inspected.imports),
      () => decideGrant(inspected.imports, descriptor, entry.grants, context.capabilities),
    );
    const component = await context.runtime.compile(inspected, limits, entry.isolation, context.signal);
    return {
      id: entry.id,
      version: descriptor.version,
      kind: descriptor.kind,
      hooks,
      tags: entry.tags ?? descriptor.tags,
      author: descriptor.author,
      writes: descriptor.writes ?? [],
      digest: verified.digest,
      origin: verified.origin,
      signer: verified.signer,
      imports: inspected.imports,
      asked: [...descriptor.required_capabilities, ...descriptor.optional_capabilities],
      granted: context.capabilities
        .filter(each => each.always !== true && grant.granted.has(each.name))
        .map(each => each.name),
      seesBlobs: descriptor.payload?.includes('blob') ?? false,
      prepared: {
        ...{ id: entry.id, digest: verified.digest, component, ...configs, limits, isolation: entry.isolation },
        grant: entry.mode === 'shadow' ? shadowGrant(grant, context.capabilities) : grant,
      },
    };
  } catch (error) {
    throw new Faults(toFaults(error).map(fault => fault.with({ plugin: entry.id })));
  }
}

/** Loads all plugins in parallel. @throws Faults of every plugin that does not load, not only the first */
export async function loadPlugins(entries: readonly PluginConfig[], context: LoadContext): Promise<readonly Plugin[]> {
  const loaded = await Promise.allSettled(
    entries.map(async entry => context.known?.(entry) ?? (await loadPlugin(entry, context))),
  );
  const faults = loaded.flatMap(each => (each.status === 'rejected' ? [...toFaults(each.reason)] : []));
  if (faults.length > 0) throw new Faults(faults);
  return loaded.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
}

/** Runs both and returns the result of the second. @throws Faults of both, so that all are reported at once */
function allOf<T>(first: () => void, second: () => T): T {
  let objection: unknown;
  try {
    first();
  } catch (error) {
    objection = error;
  }
  try {
    const value = second();
    if (objection === undefined) return value;
  } catch (error) {
    throw new Faults([...(objection === undefined ? [] : toFaults(objection)), ...toFaults(error)]);
  }
  throw objection;
}
