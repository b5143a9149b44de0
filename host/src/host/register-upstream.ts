import type { Config } from '../config/config.ts';
import type { UpstreamObject } from '../config/schema.ts';
import { Fault, Faults } from '../core/fault.ts';
import { nearest } from '../core/nearest.ts';
import { readConfigObject } from './load-config.ts';

interface UpstreamPlace {
  /** The ids of bindings. */
  readonly bindings?: readonly string[] | undefined;
  /** The folder of relative paths in the entry. */
  readonly folder?: string | undefined;
}

/**
 * Returns the configuration with one more upstream, in these bindings, or else in the default one.
 * @throws Faults `config_invalid`: every problem
 */
export async function withUpstream(
  { withOverlay, ...config }: Config,
  stated: UpstreamObject,
  place: UpstreamPlace,
): Promise<Config> {
  const { bindings: names, folder = process.cwd() } = place;
  const { secrets, mask } = config;
  const tenants = config.tenants.map(({ id, secrets: own }) => ({ id, secrets: own }));
  const chosen = new Set(names ?? config.bindings.flatMap(({ id, default: isDefault }) => (isDefault ? [id] : [])));
  const problems = unknownBindings(config, chosen);
  if (config.upstreams.some(({ id }) => id === stated.id)) {
    problems.push(invalid({ path: 'upstreams.0.id', message: `duplicate id: ${stated.id}` }));
  }
  const read = readConfigObject({ secrets, tenants, upstreams: [stated] }, folder, { mask });
  const { upstreams } = await withProblems(read, problems);
  const ids = upstreams.map(({ id }) => id);
  return {
    ...config,
    upstreams: [...config.upstreams, ...upstreams],
    bindings: config.bindings.map(binding =>
      chosen.has(binding.id) ? { ...binding, upstreams: [...binding.upstreams, ...ids] } : binding,
    ),
    // Later changes at run time keep it.
    ...(withOverlay && { withOverlay: async read => withUpstream(await withOverlay(read), stated, place) }),
  };
}

/** Waits for a reading, and reports these problems with its own. @throws Faults */
async function withProblems<T>(reading: Promise<T>, problems: readonly Fault[]): Promise<T> {
  const read = await reading.catch((error: unknown) => {
    throw error instanceof Faults ? new Faults([...problems, ...error.faults]) : error;
  });
  if (problems.length > 0) throw new Faults(problems);
  return read;
}

function unknownBindings({ bindings }: Config, names: ReadonlySet<string>): Fault[] {
  const known = bindings.map(({ id }) => id);
  return [...names]
    .filter(name => !known.includes(name))
    .map(name => {
      const meant = nearest(name, known);
      const hint = meant ? `did you mean ${meant}?` : `known bindings: ${known.join(', ')}`;
      return invalid({ path: 'bindings', message: `unknown binding: ${name}`, hint });
    });
}

const invalid = (details: { readonly path: string; readonly message: string; readonly hint?: string }) =>
  new Fault('config_invalid', details);
