import type { Check, Found } from '../check.ts';

/** The oldest version of Node that runs the gateway. */
const oldest = 24;

/** Options by which others can read or change what the process does. */
const exposing = /^--(inspect|debug|allow-natives-syntax|prof\b|cpu-prof|heap-prof|heapsnapshot)/;

/** The version and the options of Node. */
export const nodeVersion: Check = {
  id: 'DR101',
  severity: 'error',
  about: 'the version and the options of Node',
  why: 'Plugins need functions of WebAssembly that older versions lack; a debugger can read every secret of the process.',
  fix: `Use Node ${oldest} or later.`,
  find({ machine: { nodeVersion: version, nodeOptions } }) {
    const old: Found[] = Number(version.split('.')[0]) < oldest ? [{ what: `This is Node ${version}.` }] : [];
    const exposed = nodeOptions
      .filter(option => exposing.test(option))
      .map(
        (option): Found => ({
          severity: 'warning',
          what: `Node runs with ${option.split('=')[0]}.`,
          fix: 'Remove it from the command line and from NODE_OPTIONS.',
        }),
      );
    return [...old, ...exposed];
  },
};
