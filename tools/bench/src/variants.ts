import { findRust } from '@sallyport/cli/build/find-rust';
import type { Fault } from '@sallyport/host/core';
import { type Callers, callersByKey, callersByToken } from './callers.ts';
import { contextForgeHeaders, contextForgeHint, hasContextForge, startContextForge } from './contextforge.ts';
import {
  type BenchPlugin,
  buildPlugins as buildOf,
  inline,
  type Language,
  type PluginEntry,
  startGateway,
} from './gateway.ts';
import { hasMcpProxy, startMcpProxy } from './mcp-proxy.ts';
import { startProgram } from './process.ts';
import { buildRealChain, realAnswer, realArguments } from './real-chain.ts';
import { address } from './sample.ts';
import { openVariant, type Variant } from './variant.ts';

/** All that can be measured, in the order of the tables. */
export const variantNames = [
  'upstream',
  'proxy',
  'gateway',
  'gateway+key',
  'gateway+jwt',
  'gateway+new-jwt',
  'gateway+1-js',
  'gateway+5-js',
  'gateway+1-rust',
  'gateway+5-rust',
  'gateway+5of50-rust',
  'gateway+4-real',
  'gateway+5-real',
  'gateway+4-inline',
  'gateway+5-inline',
  'mcp-proxy',
  'mcp-proxy+5',
  'contextforge+5',
  'start-js',
  'start-rust',
  'loop',
] as const;
export type VariantName = (typeof variantNames)[number];

/** The plugins of all variants, built and signed. */
export interface BuiltPlugins {
  readonly byLanguage: ReadonlyMap<Language, readonly BenchPlugin[]>;
  readonly real: readonly PluginEntry[];
}

/** Takes out what this machine has no program for, and says so. */
export async function leaveOut(names: Set<VariantName>, progress: (line: string) => void): Promise<void> {
  const proxies = [...names].filter(name => name.startsWith('mcp-proxy'));
  if (proxies.length > 0 && !hasMcpProxy()) {
    const how = 'cargo install --locked mcp-proxy --no-default-features --features metrics,yaml';
    progress(`left out: ${proxies.join(', ')}: mcp-proxy is not installed (${how})`);
    for (const name of proxies) names.delete(name);
  }
  if (names.has('contextforge+5') && !hasContextForge()) {
    progress(`left out: contextforge+5: ContextForge is not installed (${contextForgeHint})`);
    names.delete('contextforge+5');
  }
  const rust = [...names].filter(name => /-(rust|real|inline)/.test(name));
  if (rust.length === 0) return;
  await findRust('bench').catch((error: Fault) => {
    progress(`left out: ${rust.join(', ')}: ${error.details.what} (${error.hint})`);
    for (const name of rust) names.delete(name);
  });
}

/** Plugins of a start, and those of a gateway in which most have nothing to do with a request. */
const many = 10;
const veryMany = 50;

/** More tokens than a gateway remembers: when one comes again, it has been forgotten. */
const forgottenTokens = 12_000;

const countFor = (names: ReadonlySet<VariantName>, language: Language): number => {
  if (language === 'rust' && names.has('gateway+5of50-rust')) return veryMany;
  return names.has(`start-${language}`) ? many : 5;
};

/** Builds and signs the plugins that the variants need. */
export async function buildPlugins(
  names: ReadonlySet<VariantName>,
  folder: string,
  progress: (line: string) => void,
): Promise<BuiltPlugins> {
  const byLanguage = new Map<Language, readonly BenchPlugin[]>();
  for (const language of ['js', 'rust'] as const) {
    if (![...names].some(name => name.endsWith(`-${language}`))) continue;
    progress(`building plugins: ${language}`);
    byLanguage.set(language, await buildOf(language, countFor(names, language), folder));
  }
  if (![...names].some(name => /-(real|inline)$/.test(name))) return { byLanguage, real: [] };
  progress('building plugins: real');
  return { byLanguage, real: await buildRealChain(folder) };
}

/** Starts the variants that can be called, in the order of the tables. They end with `stop`. */
export async function startVariants(
  names: ReadonlySet<VariantName>,
  { byLanguage, real }: BuiltPlugins,
  folder: string,
  stop: AsyncDisposableStack,
): Promise<readonly Variant[]> {
  const upstream = await startProgram('upstream', [], stop);
  const gateway = async (name: VariantName, language: Language, active: number, loaded = active) => {
    const used = byLanguage.get(language)?.slice(0, loaded) ?? [];
    const replacement = used[active - 1]?.replacement ?? address;
    const entries = used.map(({ entry }) => entry);
    const running = await startGateway(name, upstream.url, entries, folder, stop, active);
    return openVariant(name, running, text => text.replace(address, replacement));
  };
  const authenticating = async (name: VariantName, { identity, authorizations }: Callers) => {
    const running = await startGateway(name, upstream.url, [], folder, stop, 0, { identity });
    return openVariant(name, running, undefined, undefined, authorizations);
  };
  const realGateway = async (name: VariantName, entries: readonly PluginEntry[]) => {
    const running = await startGateway(name, upstream.url, entries, folder, stop);
    return openVariant(name, running, realAnswer, realArguments);
  };
  const starts: Readonly<Partial<Record<VariantName, () => Promise<Variant>>>> = {
    upstream: () => openVariant('upstream', upstream),
    proxy: async () => openVariant('proxy', await startProgram('proxy', [upstream.url], stop)),
    gateway: () => gateway('gateway', 'js', 0),
    'gateway+key': async () => authenticating('gateway+key', await callersByKey(folder)),
    'gateway+jwt': async () => authenticating('gateway+jwt', await callersByToken(1, stop)),
    'gateway+new-jwt': async () => authenticating('gateway+new-jwt', await callersByToken(forgottenTokens, stop)),
    'gateway+1-js': () => gateway('gateway+1-js', 'js', 1),
    'gateway+5-js': () => gateway('gateway+5-js', 'js', 5),
    'gateway+1-rust': () => gateway('gateway+1-rust', 'rust', 1),
    'gateway+5-rust': () => gateway('gateway+5-rust', 'rust', 5),
    'gateway+5of50-rust': () => gateway('gateway+5of50-rust', 'rust', 5, veryMany),
    'gateway+4-real': () => realGateway('gateway+4-real', real.slice(0, 4)),
    'gateway+5-real': () => realGateway('gateway+5-real', real),
    'gateway+4-inline': () => realGateway('gateway+4-inline', real.slice(0, 4).map(inline)),
    'gateway+5-inline': () => realGateway('gateway+5-inline', real.map(inline)),
    'mcp-proxy': async () => openVariant('mcp-proxy', await startMcpProxy(upstream.url, folder, stop)),
    'mcp-proxy+5': async () => openVariant('mcp-proxy+5', await startMcpProxy(upstream.url, folder, stop, true)),
    'contextforge+5': async () => {
      const running = await startContextForge(upstream.url, folder, stop);
      const variant = await openVariant('contextforge+5', running, realAnswer, realArguments);
      return { ...variant, headers: { ...variant.headers, ...contextForgeHeaders } };
    },
  };
  const variants: Variant[] = [];
  for (const name of variantNames) {
    const variant = names.has(name) ? await starts[name]?.() : undefined;
    if (variant !== undefined) variants.push(variant);
  }
  return variants;
}
