/**
 * The program of the child process that runs jco, checks the glue that jco writes, and validates the core modules. The
 * component is not trusted yet, jco starts threads, and all of it can take long. It receives one message, sends one,
 * and then waits to be killed, because its exit could overtake a long answer.
 */
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import { Fault } from '../../../core/fault.ts';
import { finishGlue } from '../glue/finish-glue.ts';
import type { TranspileAnswer, TranspileOrder } from './transpile.ts';

process.on('message', async (order: TranspileOrder) => process.send?.(await transpile(order)));
process.on('disconnect', () => process.exit());

async function transpile({ bytes, asyncImports, asyncExports, isFinished }: TranspileOrder): Promise<TranspileAnswer> {
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
    return { files: isFinished ? await finishGlue(written, asyncImports.length > 0) : written };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, details: error.details };
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
