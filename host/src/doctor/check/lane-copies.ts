import type { Patient } from '../patient.ts';

/** The instances of plugins that a gateway can have at the same time, and their memory, in MiB. */
export function instancesOf({ config: { plugins, limits } }: Patient): {
  readonly count: number;
  readonly mib: number;
} {
  let count = 0;
  let mib = 0;
  for (const { isolation, mode, limits: own } of plugins) {
    if (mode === 'disabled') continue;
    // Each lane has an instance, and so has the spare.
    const copies = isolation === 'inline' || isolation === 'process' ? 1 : limits.lanes + 1;
    count += copies;
    mib += copies * (own.memory_mib ?? limits.plugin.memory_mib);
  }
  return { count, mib };
}
