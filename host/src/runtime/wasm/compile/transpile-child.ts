/**
 * The program of the child process that runs jco, checks the glue that jco writes, validates the core modules, and
 * rewrites them where fuel is limited. The component is not trusted yet, jco starts threads, and all of it can take
 * long. It receives one message, sends one, and then waits to be killed, because its exit could overtake a long answer.
 */
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import { Fault } from '../../../core/fault.ts';
import { injectFuel } from '../../../wasm/fuel/inject-fuel.ts';
import { finishGlue } from '../glue/finish-glue.ts';
import type { TranspileAnswer, TranspileOrder } from './transpile.ts';

process.on('message', async (order: TranspileOrder) => process.send?.(await transpile(order)));
process.on('disconnect', () => process.exit());

async function transpile(order: TranspileOrder): Promise<TranspileAnswer> {
  const { bytes, asyncImports, asyncExports, isFinished, isFuelled } = order;
  try {
    await $init;
    const jspi = { tag: 'jspi' as const, val: { imports: [...asyncImports], exports: [...asyncExports] } };
    const { files } = generate(bytes, {
      name: 'plugin',
      instantiation: { tag: 'sync' },
      ...(asyncImports.length > 0 ? { asyncMode: jspi } : {}),
      map: [],
      base64Cutoff: 0,
      noTypescript: true,
      noNodejsCompat: true,
      // A declared `err` is thrown wrapped, so that it cannot be mistaken for another error.
      noComponentErrorWrapping: false,
    });
    const written = new Map(files);
    const finished = isFinished ? await finishGlue(written, asyncImports.length > 0) : written;
    return { files: isFuelled ? withFuel(finished) : finished };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, details: error.details };
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const withFuel = (files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> =>
  new Map([...files].map(([name, bytes]) => [name, name.endsWith('.wasm') ? injectFuel(bytes) : bytes]));
