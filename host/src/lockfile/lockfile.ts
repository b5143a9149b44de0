import { type Document, stringify } from 'yaml';
import { z } from 'zod';
import { parseYaml } from '../config/parse-yaml.ts';
import { pluginDescriptorSchema, pluginIdSchema } from '../contract/plugin-descriptor.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { digestOf, isDigest } from '../core/digest.ts';
import { Fault, Faults, fail } from '../core/fault.ts';

const { version, sequence, hooks, payload, required_capabilities, optional_capabilities } =
  pluginDescriptorSchema.shape;
const digest = z.string().refine(isDigest, 'expected sha256: and 64 lower-case hex digits');
const names = z.array(z.string()).max(4096);

const pinSchema = z.strictObject({
  reference: z
    .string()
    .min(1)
    .describe('As the operator wrote it; for a file, relative to the folder of the lockfile.'),
  manifest: digest.optional().describe('Digest of the OCI manifest; absent for a file.'),
  digest: digest.describe('Digest of the component.'),
  signer: z.strictObject({ by: z.enum(['trust', 'source', 'nobody']), key_id: z.string().optional() }),
  version,
  sequence,
  hooks,
  payload,
  imports: names,
  required_capabilities,
  optional_capabilities,
  granted: z.record(z.string(), z.unknown()).describe('Capability → its argument, as the operator granted it.'),
});

const markSchema = z.strictObject({ version, sequence });

/** What an operator accepted of one plugin: its identity, its signer, what it asks for, and what it was granted. */
export type Pin = z.output<typeof pinSchema>;

/** The highest version of a plugin that was ever pinned. */
export type Mark = z.output<typeof markSchema>;

/**
 * The content of `sallyport.lock`. Marks outlive pins, so that a rollback is refused even after a plugin was removed.
 */
export interface Lockfile {
  readonly plugins: ReadonlyMap<string, Pin>;
  readonly marks: ReadonlyMap<string, Mark>;
}

const seal = z.string().describe('Digest of the rest of the entry: consent is given by a command, not by an editor.');
const fileSchema = z.strictObject({
  lockfile: z.literal(1),
  plugins: z.record(pluginIdSchema, pinSchema.extend({ seal })).default({}),
  high_water: z.record(pluginIdSchema, markSchema.extend({ seal })).default({}),
});

const head = `# Written by \`sallyport lock\`: what was approved for each plugin. Keep it beside the configuration, under version
# control, and do not edit it: \`sallyport lock --approve <plugin>\` records your consent to a change.
`;

/** Formats a lockfile. The same content always gives the same text. */
export function formatLockfile({ plugins, marks }: Lockfile): string {
  const sealed = (entries: ReadonlyMap<string, object>) =>
    Object.fromEntries(
      [...entries]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([id, entry]) => [id, { ...entry, seal: sealOf(id, entry) }]),
    );
  const content = { lockfile: 1, plugins: sealed(plugins), high_water: sealed(marks) };
  return head + stringify(JSON.parse(JSON.stringify(content)), { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Reads a lockfile.
 * @throws Faults of `lockfile_unusable`: everything that is malformed or was edited by hand, each with its position
 */
export function parseLockfile(text: string, file: string): Lockfile {
  const { document, at, position } = parseYaml(text);
  /** Returns where the name of the member at `path` is. */
  const placeOf = (path: readonly PropertyKey[]) => {
    const key = path.at(-1);
    return { file, ...position(path.slice(0, -1), key === undefined ? undefined : String(key)) };
  };
  const malformed = [...document.errors, ...document.warnings];
  if (malformed.length > 0) {
    throw new Faults(malformed.map(({ message, pos }) => unusable({ file, ...at(pos[0]), reason: message })));
  }
  const { data, error } = fileSchema.safeParse(plain(document, file));
  if (error) {
    throw new Faults(
      error.issues.map(({ path, message }) =>
        unusable({ ...placeOf(path), path: path.map(String).join('.'), reason: message }),
      ),
    );
  }
  const edited: Fault[] = [];
  const opened = <T extends { readonly seal: string }>(section: string, entries: Readonly<Record<string, T>>) =>
    new Map(
      Object.entries(entries).map(([id, { seal: stated, ...entry }]) => {
        if (stated !== sealOf(id, entry)) {
          const reason = `the entry of ${id} was edited by hand`;
          edited.push(unusable({ ...placeOf([section, id]), path: `${section}.${id}`, reason }));
        }
        return [id, entry] as const;
      }),
    );
  const read = { plugins: opened('plugins', data.plugins), marks: opened('high_water', data.high_water) };
  if (edited.length > 0) throw new Faults(edited);
  return read;
}

const unusable = (details: ConstructorParameters<typeof Fault>[1]) => new Fault('lockfile_unusable', details);

function plain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    return fail('lockfile_unusable', { file, reason: error instanceof Error ? error.message : String(error) }, error);
  }
}

const sealOf = (id: string, entry: object): string => digestOf(Buffer.from(canonicalJson([id, entry])));
