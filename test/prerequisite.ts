import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { it } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** The program without which this test is skipped. The summary of the run names it. */
    missing?: string;
  }
}

/** What is not installed is missing only here: where CI=true, such a test runs all the same, and fails. */
const isRequired = process.env.CI === 'true';

/**
 * Returns an `it` for a test that needs a program of the system. Without the program the test is skipped, and the
 * summary of the run names the program; where CI=true the test runs all the same, and fails.
 */
export const itWith = (command: string): typeof it => (isMissing(command) ? skipping(command) : it);

/** Whether tests that need this program are skipped. */
export const isMissing = (command: string): boolean => !isRequired && !isInstalled(command);

/** `it.skip`, which takes down what is missing. It has the forms in which tests are written here. */
function skipping(missing: string): typeof it {
  const options = { skip: true, meta: { missing } };
  const skip = (name: string) => it(name, options, () => {});
  const each = (rows: readonly unknown[]) => (name: string) => it.each(rows)(name, options, () => {});
  return Object.assign(skip, { each }) as unknown as typeof it;
}

/** Whether the system has a program of this name. */
function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
