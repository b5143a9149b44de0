import { fail, fileProblem, readRegularFile } from '@sallyport/host/core';

/** Reads a file that the command line names. @throws Fault `usage`, with the file and the problem */
export const readInput = (file: string): Promise<Buffer> =>
  readRegularFile(file).catch(error =>
    fail('usage', { file, what: `cannot be read: ${fileProblem(error)}`, hint: 'name a file that can be read' }, error),
  );

/** Reads a file like `readInput`; undefined when it does not exist. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return readInput(file);
  }
}
