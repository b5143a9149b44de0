import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fail } from '../core/fault.ts';

export interface TranspileOrder {
  readonly bytes: Uint8Array;
  /** `interface#function` of imports that wait for the gateway's thread. When there is one, exports run with JSPI. */
  readonly asyncImports: readonly string[];
  readonly asyncExports: readonly string[];
}

export type TranspileAnswer = { readonly files: ReadonlyMap<string, Uint8Array> } | { readonly error: string };

const program = fileURLToPath(new URL('./transpile-child.ts', import.meta.url));
/** The child may read code and start jco's threads. It may not write files, start processes or load addons. */
const restraints = ['--permission', '--allow-fs-read=*', '--allow-worker', '--max-old-space-size=1024'];

/**
 * Has jco translate a component into JavaScript glue and core modules, in a child process without environment.
 * @returns the files by name: one `plugin.js` and the core modules
 * @throws Fault `compile_failed` when jco refuses the component, `compile_timeout` after `timeoutMs`
 */
export async function transpile(order: TranspileOrder, timeoutMs: number): Promise<ReadonlyMap<string, Uint8Array>> {
  const child = fork(program, {
    serialization: 'advanced',
    env: {},
    execArgv: restraints,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4096);
  });
  const answer = await new Promise<TranspileAnswer | 'timeout'>((resolve, reject) => {
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    child.once('message', (message: TranspileAnswer) => resolve(message));
    child.once('error', reject);
    child.once('exit', code => resolve({ error: complaints.trim() || `the compiler ended with code ${code}` }));
    child.once('exit', () => clearTimeout(timer));
    child.send(order, error => error !== null && resolve({ error: error.message }));
  }).finally(() => child.kill('SIGKILL'));
  if (answer === 'timeout') return fail('compile_timeout', { timeout_ms: timeoutMs });
  if ('error' in answer) return fail('compile_failed', { reason: answer.error });
  return answer.files;
}
