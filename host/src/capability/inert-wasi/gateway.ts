import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { inertWasiInLane } from './lane.ts';

/**
 * The part of WASI without which the runtimes of Go, Python and WASI Rust do not start, with no power behind it:
 * empty environment and arguments, no folders, closed input, output into the plugin's log, exit as a trap.
 */
export const inertWasi = defineCapability({
  ...inertWasiInLane,
  always: true,
  gives: 'the part of WASI that runtimes of Go, Python and Rust need to start, with no power behind it',
  risk: 'None: every call returns something empty or closed, or writes a line to the log.',
  grant: z.strictObject({}),
  example: 'inert_wasi: {}',
  refuses: { not_allowed: '`exit`; the call ends, with cause `limit`' },
});
