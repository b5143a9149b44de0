import type { Check } from '../check.ts';
import { instancesOf } from './lane-copies.ts';

/** MiB that the gateway needs without plugins, and that each lane adds. */
const base = 150;
const perLane = 30;

const MiB = 2 ** 20;

/** Whether all plugins together may use more memory than there is. */
export const memory: Check = {
  id: 'DR103',
  severity: 'warning',
  about: 'the memory of the control group, against lanes and the memory of plugins',
  why: 'If plugins use the memory that they may have, the system ends the gateway.',
  fix: 'Lower `limits.lanes` or `limits.plugin.memory_mib`, or give the gateway more memory.',
  find(patient) {
    const { maxMemory } = patient.machine;
    const { mib } = instancesOf(patient);
    const needed = base + perLane * patient.config.limits.lanes + mib;
    if (maxMemory === undefined || needed * MiB <= maxMemory) return [];
    const what = `Plugins may use ${mib} MiB in all lanes, the gateway about ${needed - mib} MiB beside them, and there are ${Math.floor(maxMemory / MiB)} MiB.`;
    return [{ what, at: 'limits.lanes' }];
  },
};
