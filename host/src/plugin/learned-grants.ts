import { join } from 'node:path';
import { z } from 'zod';
import type { Capability } from '../capability/capability.ts';
import type { Digest } from '../core/digest.ts';
import { writeDurably } from '../core/durable-file.ts';
import { fileProblem } from '../core/file-problem.ts';
import type { Log } from '../core/log.ts';
import { readRegularFile } from '../core/regular-file.ts';

const usesPerCapability = 256;
const needLength = 2048;

const learnedSchema = z.strictObject({
  plugin: z.string(),
  digest: z.string().describe('Of the component that was watched: another one is watched from the start.'),
  uses: z
    .record(z.string(), z.array(z.unknown()).max(usesPerCapability))
    .describe('Capability → what its refused uses would have needed, each once.'),
});

/** What learning mode recorded of one plugin. */
export type Learned = z.output<typeof learnedSchema>;

/** Returns the file that keeps the record of a plugin. */
const fileOf = (cacheDir: string, plugin: string) => join(cacheDir, 'learned', `${plugin}.json`);

/** Reads the record of a plugin; returns undefined if it is missing or unreadable. */
export async function readLearned(cacheDir: string, plugin: string): Promise<Learned | undefined> {
  try {
    return learnedSchema.parse(JSON.parse((await readRegularFile(fileOf(cacheDir, plugin))).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Records what was refused to plugins that are learning. */
export interface Learner extends AsyncDisposable {
  /** Starts the record of a loaded plugin that asks for these capabilities. */
  begin(plugin: string, digest: Digest, capabilities: readonly string[]): Promise<void>;
  /** Records a refused use. `need` is untrusted JSON text from a lane, and is dropped if it is malformed. */
  refused(plugin: string, capability: string, need: string): void;
}

/**
 * Creates a learner. Each plugin's file is replaced as a whole, and holds at most 256 different uses of a capability.
 */
export function createLearner(cacheDir: string, log: Log): Learner {
  const records = new Map<string, Learned & { readonly seen: Set<string> }>();
  let writing = Promise.resolve();
  const save = (plugin: string) => {
    writing = writing.then(async () => {
      const record = records.get(plugin);
      if (record === undefined) return;
      const { seen: _, ...learned } = record;
      const file = fileOf(cacheDir, plugin);
      await writeDurably(file, Buffer.from(`${JSON.stringify(learned, null, 2)}\n`), join(cacheDir, 'learned')).catch(
        (error: unknown) =>
          log.error({ plugin, file, reason: fileProblem(error) }, 'the learned grants cannot be written'),
      );
    });
  };
  return {
    async begin(plugin, digest, capabilities) {
      const before = await readLearned(cacheDir, plugin);
      const uses = before?.digest === digest ? before.uses : {};
      for (const name of capabilities) uses[name] ??= [];
      const seen = new Set(Object.entries(uses).flatMap(([name, needs]) => needs.map(need => keyOf(name, need))));
      records.set(plugin, { plugin, digest, uses, seen });
      log.warn({ plugin, capabilities }, 'learning: nothing is granted, and refused uses are recorded');
      save(plugin);
    },
    refused(plugin, capability, text) {
      const record = records.get(plugin);
      const needs = record?.uses[capability];
      if (record === undefined || needs === undefined || needs.length >= usesPerCapability) return;
      const need = parseNeed(text);
      if (need === undefined || record.seen.has(keyOf(capability, need))) return;
      record.seen.add(keyOf(capability, need));
      needs.push(need);
      log.info({ plugin, capability, need }, 'a use of a capability was refused and recorded');
      save(plugin);
    },
    async [Symbol.asyncDispose]() {
      await writing;
    },
  };
}

const keyOf = (capability: string, need: unknown) => JSON.stringify([capability, need]);

function parseNeed(text: string): unknown {
  if (typeof text !== 'string' || text.length > needLength) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the smallest grants that would have allowed what was recorded: capability → argument. */
export function smallestGrants(
  { uses }: Learned,
  capabilities: readonly Capability[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    capabilities
      .filter(({ name }) => uses[name] !== undefined)
      .map(({ name, learning }) => [name, learning?.grant(uses[name] ?? [], uses) ?? {}]),
  );
}
