import { describe, expect, it } from 'vitest';
import { type Failure, failureOf, outOfMemory } from './failure.ts';

const MiB = 2 ** 20;
const declared = (message: string): Failure => ({ cause: 'trap', message, declared: true });
const trapped = (message: string): Failure => ({ cause: 'trap', message, declared: false });

describe('the cause of a failed call', () => {
  it('[SBX-95] is a trap, with its own words, where the guest threw or answered err', () => {
    class ComponentError extends Error {
      readonly payload = 'the lookup service said no';
    }
    expect(failureOf(new ComponentError())).toEqual(declared('the lookup service said no'));
  });

  it.each([
    { what: 'QuickJS says so', failure: declared('InternalError: out of memory (x.js:2)'), grownTo: 0 },
    { what: 'Python says so', failure: declared('MemoryError: '), grownTo: 0 },
    { what: 'it trapped after it grew to half of it', failure: trapped('unreachable'), grownTo: 8 * MiB },
    { what: 'it grew to all of it, and has no words left', failure: declared('it threw null'), grownTo: 16 * MiB },
  ])('[SBX-95] is the limit of memory where $what', ({ failure, grownTo }) => {
    expect(outOfMemory(failure, grownTo, 16 * MiB)).toMatchObject({
      cause: 'limit',
      message: `16 MiB of memory are allowed (limits.memory_mib): ${failure.message}`,
    });
  });

  it.each([
    { what: 'it did not grow', failure: trapped('unreachable'), grownTo: 0 },
    { what: 'it grew a little', failure: trapped('unreachable'), grownTo: 3 * MiB },
    { what: 'it declared something else', failure: declared('the server has no memory of you'), grownTo: 9 * MiB },
    {
      what: 'it broke the contract',
      failure: { ...trapped('x'), cause: 'invalid_output' as const },
      grownTo: 16 * MiB,
    },
  ])('[SBX-95] is not the limit of memory where $what', ({ failure, grownTo }) => {
    expect(outOfMemory(failure, grownTo, 16 * MiB)).toEqual(failure);
  });
});
