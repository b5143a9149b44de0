import { describe, expect, it } from 'vitest';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { transpile } from '../compile/transpile.ts';
import { prepareGlue } from './glue.ts';

describe('the glue that jco writes', () => {
  it('[SBX-04] is what we know how to prepare', async () => {
    const bytes = await watGuest(guestDescriptor('glue'));
    const files = await transpile({ bytes, asyncImports: [], asyncExports: [] }, 60_000);
    const text = Buffer.from(files.get('plugin.js') ?? []).toString('utf8');
    const prepared = prepareGlue(text);
    expect(text).toContain('process?.env');
    expect(prepared).not.toContain('process?.env');
    expect(prepared).not.toMatch(/^(import|export)\b/m);
  });

  it.each(['', 'export function instantiate() {}', 'function instantiate() {}'])(
    '[SBX-04] is refused when it is another: %j',
    text => {
      expect(() => prepareGlue(text)).toThrow(expect.objectContaining({ code: 'glue_unknown' }));
    },
  );
});

describe('transpiling', () => {
  it('[SBX-05] ends in a clear refusal when the bytes are no component', async () => {
    const order = { bytes: Buffer.from('\0asm\x0d\0\x01\0garbage'), asyncImports: [], asyncExports: [] };
    await expect(transpile(order, 60_000)).rejects.toMatchObject({ code: 'compile_failed' });
  });

  it('[SBX-05] is stopped after its time', async () => {
    const order = { bytes: await watGuest(guestDescriptor('slow')), asyncImports: [], asyncExports: [] };
    await expect(transpile(order, 1)).rejects.toMatchObject({ code: 'compile_timeout' });
  });
});
