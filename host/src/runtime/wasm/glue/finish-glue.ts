import { fail } from '../../../core/fault.ts';
import { requireWithin } from '../../../wasm/component-size.ts';
import { prepareGlue } from './glue.ts';
import { checkGlue } from './glue-check.ts';
import { leanGlue } from './lean-glue.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** The module that jco writes, and what is made of it and kept. */
const moduleFile = 'plugin.js';
export const glueFile = 'glue.js';

/**
 * The files of jco with glue in place of its module, and with core modules that V8 accepts. The glue is checked as jco
 * wrote it, before anything else is done with it, and as it will run. All of this can take long: see transpile-child.
 * @throws Fault `component_excessive`, `glue_unknown`, `glue_refused`; what V8 throws at a core module
 */
export async function finishGlue(made: Files, asynchronous: boolean): Promise<Files> {
  const module = made.get(moduleFile) ?? fail('glue_unknown', { missing: moduleFile });
  requireWithin('glueBytes', module.length, 0);
  const full = prepareGlue(Buffer.from(module).toString('utf8'));
  checkGlue(full);
  const glue = asynchronous ? full : leanGlue(full);
  if (glue !== full) checkGlue(glue);
  const modules = [...made].filter(([name]) => name !== moduleFile);
  for (const [, bytes] of modules) await WebAssembly.compile(bytes);
  return new Map([...modules, [glueFile, Buffer.from(glue)]]);
}
