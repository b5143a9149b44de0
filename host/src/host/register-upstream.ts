import type { Config } from '../config/config.ts';
import type { UpstreamObject } from '../config/schema.ts';
import { Fault, Faults } from '../core/fault.ts';
import { nearest } from '../core/nearest.ts';
import type { OpenBinding } from '../gateway/binding.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Federation } from './federation.ts';
import { readConfigObject } from './load-config.ts';
import type { Upstreams } from './open-upstreams.ts';

/** The program that embeds the gateway. */
const registrant = { origin: 'program' } as const;

interface RegisterContext {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly upstreams: Upstreams;
  readonly federation: Federation;
  /** The ids of upstreams that may be down while the gateway is ready. */
  readonly optionalUpstreams: Set<string>;
  readonly folder: string | undefined;
}

/** Creates what adds upstreams of a program to the bindings of a running gateway. */
export function createRegister({
  config,
  gateway,
  upstreams,
  federation,
  optionalUpstreams,
  folder = process.cwd(),
}: RegisterContext) {
  const taken = new Set(config.upstreams.map(({ id }) => id));
  return async (stated: UpstreamObject, names?: readonly string[]): Promise<void> => {
    const { secrets, mask } = config;
    const tenants = config.tenants.map(({ id, secrets: own }) => ({ id, secrets: own }));
    const { id } = stated;
    const { bindings, problems } = bindingsOf(gateway, names);
    if (taken.has(id)) problems.push(duplicate(id));
    const read = readConfigObject({ secrets, tenants, upstreams: [stated] }, folder, { mask });
    const [entry] = (await withProblems(read, problems)).upstreams;
    if (entry === undefined) return;
    // Another registration may have begun meanwhile.
    if (taken.has(id)) throw new Faults([duplicate(id)]);
    taken.add(id);
    try {
      const joining = { entry, bindings: bindings.map(binding => binding.id) };
      await federation.admit([joining], registrant);
      if (!entry.required) optionalUpstreams.add(id);
      const pool = await upstreams.add(entry);
      for (const binding of bindings) binding.add(federation.checked(pool));
      federation.registered(joining, pool, registrant);
    } catch (error) {
      taken.delete(id);
      optionalUpstreams.delete(id);
      throw error;
    }
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

/** Finds the named bindings, or else the default one. */
function bindingsOf({ bindings: all, standard }: Gateway, names: readonly string[] | undefined) {
  const problems: Fault[] = [];
  const bindings: OpenBinding[] = [];
  if (names === undefined && standard !== undefined) bindings.push(standard);
  for (const name of new Set(names)) {
    const binding = all.get(name);
    if (binding !== undefined) bindings.push(binding);
    else problems.push(invalid({ path: 'bindings', message: `unknown binding: ${name}`, hint: hintFor(name, all) }));
  }
  return { bindings, problems };
}

function hintFor(name: string, all: ReadonlyMap<string, OpenBinding>): string {
  const known = [...all.keys()];
  const meant = nearest(name, known);
  return meant ? `did you mean ${meant}?` : `known bindings: ${known.join(', ')}`;
}

const duplicate = (id: string) => invalid({ path: 'upstreams.0.id', message: `duplicate id: ${id}` });

const invalid = (details: { readonly path: string; readonly message: string; readonly hint?: string }) =>
  new Fault('config_invalid', details);
