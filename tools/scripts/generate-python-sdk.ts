import { join } from 'node:path';
import { parseWit } from '../cli/src/build/parse-wit.ts';
import { pythonContract } from './python-contract.ts';
import { witSource } from './wit-source.ts';

const importWorld = /world imports \{([^}]*)\}/;

/** Generates the contract in Python, next to the handwritten helpers. Returns [path, text]. */
export async function pythonSdk(root: string): Promise<ReadonlyMap<string, string>> {
  const wit = await witSource(join(root, 'wit'));
  const imports = [...(importWorld.exec(wit)?.[1] ?? '').matchAll(/import ([\w-]+);/g)].map(([, name = '']) => name);
  const modules = pythonContract(parseWit(wit), ['types', ...imports]);
  return new Map([...modules].map(([name, text]) => [`sdk/python/sallyport/${name}`, text]));
}
