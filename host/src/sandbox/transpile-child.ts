/**
 * A process of its own for jco: it reads a component that nobody may trust yet, starts threads, and can take long.
 * Takes one message, answers with one, and waits to be ended: its exit could overtake a long answer.
 */
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import type { TranspileAnswer, TranspileOrder } from './transpile.ts';

process.on('message', async (order: TranspileOrder) => process.send?.(await transpile(order)));
process.on('disconnect', () => process.exit());

async function transpile({ bytes, asyncImports, asyncExports }: TranspileOrder): Promise<TranspileAnswer> {
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
    return { files: new Map(files) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
