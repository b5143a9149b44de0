import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities, openFacilities } from '@sallyport/host/capability';
import { loadConfig } from '@sallyport/host/config';
import { type ChainInput, createArtifact } from '@sallyport/host/contract';
import { digestOf } from '@sallyport/host/core';
import { silentLog } from '@sallyport/host/log';
import { createWasmRuntime, loadPlugins, type Plugin, type WasmRuntime } from '@sallyport/host/plugin';
import { describe, type Source } from '@sallyport/host/source';
import { createVerifier } from '@sallyport/host/verify';
import { whyForbidden } from '@sallyport/host/wasm';
import { stringify } from 'yaml';
import { builtComponents, pluginId, waitingPluginId } from '../built.ts';
import { mutateComponent } from '../mutate/component.ts';
import { Finding, type Target } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/**
 * The whole way of a plugin: signed by someone who is trusted, and hostile all the same. Verified, inspected, granted,
 * translated, its glue read, its memories limited, modules compiled, started in a lane and called.
 */
export const target: Target = {
  name: 'components',
  module: import.meta.url,
  extension: 'wasm',
  // Translating is ended after 10 seconds, starting after 2, a call after half of one.
  patience: 60_000,
  boundedRuns: 20,
  seeds: builtComponents,
  mutate(seeds, random) {
    // Small ones are translated in a third of the time, and tell as much.
    const [small, ...large] = seeds.map((_, index) => index);
    const one = random.chance(0.85) ? random.int(Math.min(2, seeds.length)) : random.pick(large);
    return mutateComponent(
      seeds[one] ?? new Uint8Array(),
      random,
      seeds[random.chance(0.7) ? (small ?? 0) : one] ?? new Uint8Array(),
    );
  },
  async open() {
    const log = silentLog();
    const folder = await temporaryFolder();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const file = join(folder.path, 'sallyport.yaml');
    await writeFile(file, stringify(configOf(publicKey.export({ type: 'spki', format: 'pem' }).toString())));
    const config = await loadConfig(file);
    const runtime = patient(createWasmRuntime({ capabilities, log }));
    const facilities = openFacilities({ kv: { store: 'memory' }, secrets: [], audit: {}, log });
    const verifier = createVerifier({ trust: config.trust, requireSigned: true, log });
    const load = async (bytes: Uint8Array): Promise<Plugin | undefined> => {
      const source = sourceOf(bytes, sign(null, bytes, privateKey));
      const on = { source: () => source, verifier, runtime, capabilities, limits: config.limits.plugin };
      const waits = Buffer.from(bytes).includes('sallyport:plugin/outbound-http@');
      const entries = config.plugins.filter(each => Object.keys(each.grants).length > 0 === waits);
      return (await loadPlugins(entries, on))[0];
    };
    return {
      async run(input) {
        const plugin = await load(input);
        if (plugin === undefined) throw new Finding('neither loaded nor refused', '');
        if (plugin.digest !== digestOf(input)) throw new Finding('a digest of other bytes', plugin.digest);
        checkCompiled(plugin);
        await using runner = await runtime.open([plugin.prepared], facilities, { lanes: 1 });
        const outcomes: string[] = [];
        for (const call of hookCalls(plugin.id)) {
          const { reports } = await runner.run(call);
          for (const report of reports)
            outcomes.push(report.outcome === 'failed' ? `failed by ${report.cause}` : report.outcome);
        }
        return outcomes.join(' and ');
      },
      async [Symbol.asyncDispose]() {
        await facilities[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  },
};

const configOf = (public_key: string) => ({
  plugins: [{}, { clock: {}, outbound_http: { allow: ['https://api.example.com/'] } }].map((grants, index) => ({
    ...{ id: index === 0 ? pluginId : waitingPluginId, source: { file: './p.wasm', public_key }, grants },
    config: { text: 'aab' },
  })),
  limits: { plugin: { timeout_ms: 500, start_ms: 2000 } },
  upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } }],
  bindings: [{ id: 'main', upstreams: ['up'] }],
});

/** The same, and gives up on translating sooner. */
const patient = (runtime: WasmRuntime): WasmRuntime => ({
  ...runtime,
  compile: (inspected, limits) => runtime.compile(inspected, { ...limits, compileMs: 10_000 }),
});

const sourceOf = (bytes: Uint8Array, signature: Uint8Array): Source => ({
  reference: './p.wasm',
  resolve: async () => describe('application/wasm', bytes),
  fetch: async ({ digest }) =>
    createArtifact({ bytes, digest, origin: { reference: './p.wasm' }, signatures: [{ signature }] }),
});

interface Named {
  readonly name: string;
  readonly module?: string;
}
const wasm = WebAssembly.Module as unknown as Record<
  'imports' | 'exports',
  (module: WebAssembly.Module) => readonly Named[]
>;

/** What the belts promise of whatever they let pass, read from what came out and not from what went in. */
function checkCompiled({ imports, prepared: { component } }: Plugin): void {
  for (const module of component.modules.values()) {
    const names = [...wasm.imports(module), ...wasm.exports(module)].flatMap(each => [each.name, each.module ?? '']);
    for (const name of names) {
      const why = whyForbidden(name);
      if (why !== undefined) throw new Finding('a name passed the gate', `${JSON.stringify(name)}: ${why}`);
    }
  }
  const known = new Set(imports.map(name => name.replace(/@.*$/, '')));
  for (const [, name = ''] of component.glue.matchAll(/\bimports\['([^']*)'\]/g)) {
    if (!known.has(name.replace(/@.*$/, ''))) throw new Finding('glue takes what was not granted', name);
  }
}

/** One call before and one after. */
function hookCalls(plugin: string): readonly ChainInput[] {
  const context = { requestId: 'r-1', binding: 'main', upstream: 'up' };
  const calls = [{ plugin, stopOnBlock: true, stopOnFailure: true }];
  const text = 'to someone@example.com';
  return [
    {
      ...{ stage: 'before', context, calls },
      value: { tag: 'tool-call', val: { name: 'echo', arguments: JSON.stringify({ text }) } },
    },
    {
      ...{ stage: 'after', context, calls },
      value: { tag: 'tool-result', val: { content: [{ tag: 'text', val: text }], isError: false } },
    },
  ];
}
