import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { it } from 'vitest';

/**
 * `it` for a test that needs a program of the system. Without the program the test is skipped, and says so;
 * where CI=true it is run all the same, and fails.
 */
export function itWith(command: string): typeof it | typeof it.skip {
  if (isInstalled(command) || process.env.CI === 'true') return it;
  console.warn(`${command} is not installed: the tests that need it are skipped`);
  return it.skip;
}

/** Whether the system has a program of this name. */
export function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
