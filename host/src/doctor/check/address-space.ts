import type { Check } from '../check.ts';
import { instancesOf } from './lane-copies.ts';

/** The address space that V8 reserves for one memory of WebAssembly: 4 GiB, and guards before and behind it. */
const reserved = 10 * 2 ** 30;

/** Whether the process may reserve the address space that memories of WebAssembly need. */
export const addressSpace: Check = {
  id: 'DR104',
  severity: 'error',
  about: 'the address space that the process may have, against the memories of plugins',
  why: 'Each memory of a plugin reserves about 10 GiB of addresses, without using them. Past the limit, plugins do not start.',
  fix: 'Remove the limit of address space (`ulimit -v unlimited`), and bound memory by a control group.',
  find(patient) {
    const { maxAddressSpace } = patient.machine;
    const { count } = instancesOf(patient);
    if (maxAddressSpace === undefined || count * reserved <= maxAddressSpace) return [];
    const GiB = (bytes: number) => Math.floor(bytes / 2 ** 30);
    return [
      {
        what: `${count} instances of plugins reserve ${GiB(count * reserved)} GiB, and ${GiB(maxAddressSpace)} GiB are allowed.`,
      },
    ];
  },
};
