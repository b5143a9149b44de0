import { availableParallelism } from 'node:os';
import { forkBoundChild } from '../../../core/bound-child.ts';
import { type Fault, type FaultDetails, fail } from '../../../core/fault.ts';

export interface TranspileOrder {
  readonly bytes: Uint8Array;
  /** Imports that wait for the gateway's thread, as `interface#function`. If there are any, exports run with JSPI. */
  readonly asyncImports: readonly string[];
  readonly asyncExports: readonly string[];
  /** Whether the glue is finished by `finishGlue`; otherwise the files are as jco wrote them. */
  readonly isFinished?: boolean;
  /** Whether the core modules are rewritten by `injectFuel`. */
  readonly isFuelled?: boolean;
}

export type TranspileAnswer =
  | { readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly error: string }
  | { readonly code: Fault['code']; readonly details: FaultDetails };

const program = new URL('./transpile-child.ts', import.meta.url);
/**
 * The child may read code and start jco's threads. It may not write files, start processes or load addons. Its heap and
 * the memory of jco, which is WebAssembly itself, are limited to 1 GiB each.
 */
const restraints = [
  ...['--permission', '--allow-fs-read=*', '--allow-worker'],
  ...['--max-old-space-size=1024', '--wasm-max-mem-pages=16384'],
];

/** How many more children may run at one time. It bounds the memory of plugins that load side by side. */
let free = availableParallelism();
const waiting: (() => void)[] = [];

/**
 * Translates a component into JavaScript glue and core modules with jco, in a child process without environment.
 * @param timeoutMs counts from the start of the child; as many children as cores run at one time
 * @param signal ends the child
 * @returns the files by name: one of JavaScript and the core modules
 * @throws Fault `compile_failed` if jco refuses the component, `compile_timeout` after `timeoutMs`,
 *   `component_excessive` if its glue is too long; `glue_refused`, `glue_unknown` if it finishes the glue;
 *   `feature_forbidden`, `component_malformed` if it rewrites the core modules
 */
export async function transpile(
  order: TranspileOrder,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (free > 0) free -= 1;
  else await new Promise<void>(resolve => waiting.push(resolve));
  try {
    signal?.throwIfAborted();
    return await inChild(order, timeoutMs, signal);
  } finally {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

async function inChild(
  order: TranspileOrder,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const child = forkBoundChild(program, { restraints, stderr: 'pipe' });
  let errorText = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(-4096);
  });
  const answer = await new Promise<TranspileAnswer | 'timeout'>((resolve, reject) => {
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    child.once('exit', () => signal?.removeEventListener('abort', abort));
    child.once('message', (message: TranspileAnswer) => resolve(message));
    child.once('error', reject);
    child.once('exit', code => resolve({ error: errorText.trim() || `the compiler ended with code ${code}` }));
    child.once('exit', () => clearTimeout(timer));
    child.send(order, error => error !== null && resolve({ error: error.message }));
  }).finally(() => child.kill('SIGKILL'));
  if (answer === 'timeout') return fail('compile_timeout', { timeout_ms: timeoutMs });
  if ('error' in answer) return fail('compile_failed', { reason: answer.error });
  return 'code' in answer ? fail(answer.code, answer.details) : answer.files;
}
