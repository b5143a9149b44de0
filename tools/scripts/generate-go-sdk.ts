import { join } from 'node:path';
import { authoredKinds } from '../cli/src/build/authored-kinds.ts';
import { parseWit } from '../cli/src/build/parse-wit.ts';
import { exportsOf } from '../cli/src/build/world.ts';
import { goContract } from './go-contract.ts';
import { witSource } from './wit-source.ts';

const sdk = 'sdk/go';
const importWorld = /world imports \{([^}]*)\}/;

/** Generates the contract in Go. Returns [path, text]. */
export async function goSdk(root: string): Promise<Map<string, string>> {
  const wit = await witSource(join(root, 'wit'));
  const imports = [...(importWorld.exec(wit)?.[1] ?? '').matchAll(/import ([\w-]+);/g)].map(([, name = '']) => name);
  const exports = Object.fromEntries(authoredKinds.map(kind => [kind, exportsOf(kind)]));
  const generated = goContract(parseWit(wit), { exports, imports });
  return new Map([...generated].map(([name, text]) => [`${sdk}/${name}`, text]));
}
