import type { Check, Found } from '../check.ts';

/** The oldest version of Node that runs the gateway. */
const oldest = 24;

/** Options that expose what the process holds in memory, or let others change it. */
const exposing = /^--(inspect|debug|allow-natives-syntax|prof\b|cpu-prof|heap-prof|heapsnapshot)/;

/** The Node version and its options. */
export const nodeVersion: Check = {
  id: 'DR101',
  severity: 'error',
  about: 'the Node version and its options',
  why: 'Plugins need WebAssembly features that older versions lack.',
  fix: `Use Node ${oldest} or later.`,
  find({ machine: { nodeVersion: version, nodeOptions } }) {
    const old: Found[] = Number(version.split('.')[0]) < oldest ? [{ what: `Node ${version} is too old.` }] : [];
    const exposed = nodeOptions
      .filter(option => exposing.test(option))
      .map(
        (option): Found => ({
          severity: 'warning',
          what: `Node runs with ${option.split('=')[0]}.`,
          why: 'Debuggers, profiles and heap snapshots expose the secrets of the process.',
          fix: 'Remove it from the command line and from NODE_OPTIONS.',
        }),
      );
    return [...old, ...exposed];
  },
};
