/**
 * A process of its own for jco: it reads a component that nobody may trust yet, starts threads, and can take long.
 * So do the reading of the glue that it writes, and V8's validation of the core modules.
 * Takes one message, answers with one, and waits to be ended: its exit could overtake a long answer.
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
      // A declared `err` is thrown wrapped, so that it cannot be taken for anything else.
      noComponentErrorWrapping: false,
    });
    const made = new Map(files);
    return { files: isFinished ? await finishGlue(made, asyncImports.length > 0) : made };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, details: error.details };
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
