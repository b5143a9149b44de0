import type { Check } from '../check.ts';
import { instancesOf } from './lane-copies.ts';

/** MiB that the gateway needs without plugins, and that each lane adds. */
const base = 150;
const perLane = 30;

const MiB = 2 ** 20;

/** Whether all plugins together may use more memory than the gateway has. */
export const memory: Check = {
  id: 'DR103',
  severity: 'warning',
  about: 'the memory limit of the container, against lanes and the memory of plugins',
  why: 'If plugins use all the memory that they may have, the kernel kills the gateway.',
  fix: 'Lower `limits.lanes` or `limits.plugin.memory_mib`, or raise the memory limit of the container.',
  find(patient) {
    const { maxMemory } = patient.machine;
    const { mib } = instancesOf(patient);
    const needed = base + perLane * patient.config.limits.lanes + mib;
    if (maxMemory === undefined || needed * MiB <= maxMemory) return [];
    const what = `Plugins may use ${mib} MiB in all lanes and the gateway itself about ${needed - mib} MiB, but the memory limit is ${Math.floor(maxMemory / MiB)} MiB.`;
    const fix = `Raise the memory limit of the container to ${needed} MiB, or lower \`limits.lanes\` or \`limits.plugin.memory_mib\`.`;
    return [{ what, at: 'limits.lanes', fix }];
  },
};
