import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pluginDescriptorSchema } from '@sallyport/host/contract';
import { type PluginEntry, signingBuilder } from './gateway.ts';
import { address, toolName } from './sample.ts';

interface RealPlugin {
  readonly id: string;
  readonly config: object;
  readonly grants?: object;
}

/**
 * Plugins of plugins-examples/ as operators would configure them, in the order of their chain. None of them is pure
 * show: each parses what it is given, and the last two change the answer and the store.
 */
const chain: readonly RealPlugin[] = [
  { id: 'mask-pii', config: { kinds: ['phone', 'card', 'ssn', 'iban', 'ip', 'key'] } },
  { id: 'sql-guard', config: { dialect: 'postgres', tools: { [toolName]: ['query'] } } },
  { id: 'strip-fields', config: { arguments: ['$.debug'], results: ['$..internal_id'] } },
  { id: 'redact-emails-rust', config: {} },
  {
    id: 'rate-limit',
    config: { limit: 1_000_000, window_seconds: 1 },
    grants: { clock: { resolution_ms: 1000 }, kv_store: {} },
  },
];

/** Arguments that give each plugin of the chain something to do: a statement to read, and a field to remove. */
export const realArguments = { query: 'SELECT id, name FROM customers WHERE city = $1 ORDER BY name', debug: true };

/** The upstream's text after the chain. */
export const realAnswer = (text: string): string => text.replace(address, '[redacted]');

/** Builds and signs the plugins of the chain, which are written in Rust. */
export async function buildRealChain(folder: string): Promise<readonly PluginEntry[]> {
  const build = await signingBuilder(folder, 'real');
  const entries: PluginEntry[] = [];
  for (const { id, ...settings } of chain) {
    const project = join(import.meta.dirname, '../../../plugins-examples', id);
    const described = pluginDescriptorSchema.parse(JSON.parse(await readFile(join(project, 'plugin.json'), 'utf8')));
    entries.push({ id, source: await build(project, described), ...settings });
  }
  return entries;
}
