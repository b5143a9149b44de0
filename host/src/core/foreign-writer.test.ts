import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { foreignWriter } from './foreign-writer.js';

/** `outer/inner`, below a folder that everyone may enter, with these modes. */
async function folders(outerMode: number, innerMode = 0o700) {
  const base = await temporaryFolder();
  const outer = join(base, 'outer');
  const inner = join(outer, 'inner');
  await mkdir(inner, { recursive: true });
  await chmod(base, 0o755);
  await chmod(inner, innerMode);
  await chmod(outer, outerMode);
  return { base, outer, inner };
}

describe('who else can write where something is kept', () => {
  it.each([
    { what: 'a folder of our own', outer: 0o755, inner: 0o700, says: undefined },
    { what: 'a folder that the group can write', outer: 0o755, inner: 0o770, says: 'inner' },
    { what: 'a folder that everybody can write', outer: 0o755, inner: 0o777, says: 'inner' },
    { what: 'a folder that can be replaced', outer: 0o777, inner: 0o700, says: 'outer' },
    { what: 'a folder that the group can replace', outer: 0o775, inner: 0o700, says: 'outer' },
    { what: 'a folder among others, as in /tmp', outer: 0o1777, inner: 0o700, says: undefined },
  ] as const)('[RUN-70] $what', async ({ outer, inner, says }) => {
    const made = await folders(outer, inner);
    expect(foreignWriter(made.inner)).toBe(says === undefined ? undefined : made[says]);
  });

  it('[RUN-70] is nobody below a folder that nobody else may enter', async () => {
    const { base, inner } = await folders(0o777);
    await chmod(base, 0o700);
    expect(foreignWriter(inner)).toBeUndefined();
  });

  it('[RUN-70] is looked for along links, too', async () => {
    const { base, inner } = await folders(0o755);
    const open = join(base, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    await symlink(inner, join(open, 'link'));
    expect(foreignWriter(join(open, 'link'))).toBe(open);
  });
});
