import { capabilities, decideGrant, type Grant } from '@sallyport/host/capability';
import { createArtifact, type PluginDescriptor } from '@sallyport/host/contract';
import { digestOf } from '@sallyport/host/core';
import { silentLog } from '@sallyport/host/log';
import {
  type Component,
  checkContract,
  createWasmRuntime,
  defaultLimits,
  type PluginLimits,
} from '@sallyport/host/plugin';
import { createVerifier } from '@sallyport/host/verify';
import { readDescriptor } from '@sallyport/host/wasm';

/** Multiplies the gateway's timeouts, so that a busy machine does not fail a test. */
const patience = 10;
const MiB = 2 ** 20;

/** A plugin that went through the gateway's loading steps, up to its grants. */
export interface TriedPlugin {
  readonly descriptor: PluginDescriptor;
  readonly limits: PluginLimits;
  /** Applies the grants and compiles; each set of grants is compiled once. @throws Faults */
  compile(grants: Readonly<Record<string, unknown>>): Promise<{ readonly component: Component; readonly grant: Grant }>;
}

/**
 * Inspects a component as a gateway does. Its signature is not checked, because it runs in the sandbox anyway.
 * @param further limits, instead of those that a gateway has by default
 * @throws Faults for which a gateway would refuse it
 */
export async function tryPlugin(
  bytes: Uint8Array,
  reference: string,
  further: Partial<PluginLimits> = {},
): Promise<TriedPlugin> {
  const log = silentLog();
  const verifier = createVerifier({ trust: { keys: [], revoked_digests: [] }, requireSigned: false, log });
  const id = readDescriptor(bytes)?.id ?? '';
  const artifact = createArtifact({ bytes, digest: digestOf(bytes), origin: { reference }, signatures: [] });
  const verified = await verifier.verify(artifact, { id });
  const { descriptor } = verified;
  const runtime = createWasmRuntime({ capabilities, log });
  const inspected = runtime.inspect(verified);
  checkContract(descriptor, inspected);
  const { memory_mib, timeout_ms = 0, cpu_ms = 0 } = descriptor.limits ?? {};
  const limits = {
    ...defaultLimits,
    timeoutMs: Math.max(timeout_ms, defaultLimits.timeoutMs) * patience,
    cpuMs: Math.max(cpu_ms, defaultLimits.cpuMs) * patience,
    startMs: defaultLimits.startMs * patience,
    compileMs: defaultLimits.compileMs * patience,
    ...(memory_mib !== undefined && { memoryBytes: memory_mib * MiB }),
    ...further,
  };
  const compiled = new Map<string, Promise<Component>>();
  return {
    descriptor,
    limits,
    async compile(grants) {
      const grant = decideGrant(inspected.imports, descriptor, grants, capabilities);
      const key = [...grant.granted.keys()].join();
      const component = compiled.get(key) ?? runtime.compile(inspected, limits);
      compiled.set(key, component);
      return { component: await component, grant };
    },
  };
}
