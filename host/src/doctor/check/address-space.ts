import type { Check } from '../check.ts';
import { instancesOf } from './lane-copies.ts';

/** The address space that V8 reserves for one memory of WebAssembly: 4 GiB, and guards before and behind it. */
const reserved = 10 * 2 ** 30;

/** Whether the process may reserve the address space that WebAssembly memories need. */
export const addressSpace: Check = {
  id: 'DR104',
  severity: 'error',
  about: 'the limit on address space, against the memories of plugins',
  why: 'Each plugin instance reserves about 10 GiB of address space without using it. Beyond the limit, plugins do not start.',
  fix: 'Remove the limit (`ulimit -v unlimited`). To limit memory, use a control group.',
  find(patient) {
    const { maxAddressSpace } = patient.machine;
    const { count } = instancesOf(patient);
    if (maxAddressSpace === undefined || count * reserved <= maxAddressSpace) return [];
    const GiB = (bytes: number) => Math.floor(bytes / 2 ** 30);
    return [
      {
        what: `${count} plugin instances reserve ${GiB(count * reserved)} GiB of address space, but the limit is ${GiB(maxAddressSpace)} GiB.`,
      },
    ];
  },
};
