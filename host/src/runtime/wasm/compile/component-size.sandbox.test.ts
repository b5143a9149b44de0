import { beforeAll, describe, expect, it } from 'vitest';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import {
  exporting,
  functions,
  nested,
  times,
  unfolding,
  wideType,
  withParts,
} from '../../../../../test/fixtures/odd-component.ts';
import { componentSection } from '../../../wasm/binary-format.ts';
import { coreModule, section } from '../../../wasm/binary-writer.ts';
import { checkSize, sizeLimits } from '../../../wasm/component-size.ts';
import { transpile } from './transpile.ts';

const nop = 0x01;
const emptyBlock = [0x02, 0x40, 0x0b];
const { functionBytes, functionWeight, codeBytes, arity, names } = sizeLimits;
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
/** A body with this many locals that is as heavy as a function may be. */
const heavy = (locals: number) => times(Math.floor(functionWeight / locals / emptyBlock.length) - 10, emptyBlock);

describe('the extent of a component', () => {
  let honest: Uint8Array;
  beforeAll(async () => {
    honest = await watGuest(guestDescriptor('honest'));
  });

  it.each([
    ['as it was built', {}],
    ['with as many core modules as it may have', { modules: many(190, coreModule()) }],
    ['with functions of the size that one may have', { modules: [functions(1, times(functionBytes - 10, [nop]))] }],
    ['with a function that has many locals and little code', { modules: [functions(1, heavy(50_000), 50_000)] }],
    ['with a function that has much code and a few locals', { modules: [functions(1, heavy(100), 100)] }],
    ['with types as wide as one may be', { modules: [wideType(arity)] }],
    ['with nested components', { sections: [nested(15)] }],
    ['with sections that nobody knows', { sections: many(9000, section(componentSection.custom, [1, 0x61])) }],
  ])('[SBX-60] is right %s', (_, parts) => {
    expect(() => checkSize(withParts(honest, parts))).not.toThrow();
  });

  it.each([
    ['core modules', { modules: many(1000, coreModule()) }, 'nested modules'],
    ['components', { sections: many(300, nested(1)) }, 'nested components'],
    ['sections', { sections: many(20_000, section(componentSection.custom, [1, 0x61])) }, 'sections'],
    [
      'sections of a module',
      { modules: [coreModule(...many(20_000, section(componentSection.custom, [1, 0x61])))] },
      'sections',
    ],
    ['functions', { modules: [functions(100_000, [])] }, 'functions'],
    ['functions in several modules', { modules: many(4, functions(30_000, [])) }, 'functions'],
    ['code in one function', { modules: [functions(1, times(functionBytes, [nop]))] }, 'functionBytes'],
    ['code', { modules: many(3, functions(40, times(codeBytes / 100, [nop]))) }, 'codeBytes'],
    ['code for its locals', { modules: [functions(1, times(20_000, emptyBlock), 1000)] }, 'functionWeight'],
    ['locals for its code', { modules: [functions(1, times(1000, emptyBlock), 50_000)] }, 'functionWeight'],
    ['parameters', { modules: [wideType(arity + 1)] }, 'arity'],
    ['exports', { modules: [exporting(names)] }, 'names'],
  ])('[SBX-60] is refused with too many %s', (_, parts, what) => {
    const bytes = withParts(honest, parts);
    expect(() => checkSize(bytes)).toThrow(
      expect.objectContaining({ code: 'component_excessive', details: expect.objectContaining({ what }) }),
    );
  });

  it('[SBX-61] is refused when too much code is generated for little', async () => {
    const order = { asyncImports: [], asyncExports: [], isFinished: true };
    const descriptor = guestDescriptor('unfolding');
    const small = await transpile({ ...order, bytes: await unfolding(descriptor, 5) }, 60_000);
    expect([...small.keys()]).toContain('glue.js');
    await expect(transpile({ ...order, bytes: await unfolding(descriptor, 15) }, 60_000)).rejects.toMatchObject({
      code: 'component_excessive',
      details: { what: 'glueBytes' },
    });
  });
});
