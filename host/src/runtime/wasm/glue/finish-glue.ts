import { fail } from '../../../core/fault.ts';
import { requireWithin } from '../../../wasm/component-size.ts';
import { prepareGlue } from './glue.ts';
import { checkGlue } from './glue-check.ts';
import { leanGlue } from './lean-glue.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** The module that jco writes. */
const moduleFile = 'plugin.js';
/** The finished glue, which replaces it. */
export const glueFile = 'glue.js';

/**
 * Returns the files of jco with finished glue instead of its module, after V8 accepted the core modules. The glue is
 * checked as jco wrote it, before anything else is done with it, and as it will run. All of this can take long, so it
 * runs in the child process.
 * @throws Fault `component_excessive`, `glue_unknown`, `glue_refused`; what V8 throws for a core module
 */
export async function finishGlue(written: Files, asynchronous: boolean): Promise<Files> {
  const module = written.get(moduleFile) ?? fail('glue_unknown', { missing: moduleFile });
  requireWithin('glueBytes', module.length, 0);
  const full = prepareGlue(Buffer.from(module).toString('utf8'));
  checkGlue(full);
  const glue = asynchronous ? full : leanGlue(full);
  if (glue !== full) checkGlue(glue);
  const modules = [...written].filter(([name]) => name !== moduleFile);
  for (const [, bytes] of modules) await WebAssembly.compile(bytes);
  return new Map([...modules, [glueFile, Buffer.from(glue)]]);
}
