import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';

/**
 * Throws an error of the file system as a Fault, and a Fault unchanged.
 * @throws Fault `artifact_not_found`, `file_unreadable`
 */
export function failToRead(error: unknown, reference: string, file: string, more: { digest?: string } = {}): never {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    const hint = 'Check the path. A relative path is resolved from the folder of the configuration file.';
    return fail('artifact_not_found', { reference, file, ...(more.digest === undefined ? { hint } : more) }, error);
  }
  if (error instanceof Error && 'syscall' in error) {
    return fail('file_unreadable', { reference, file, what: fileProblem(error), ...more }, error);
  }
  throw error;
}
