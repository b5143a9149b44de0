import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goContract } from './go-contract.ts';
import { parseWit } from './parse-wit.ts';
import { witSource } from './wit-source.ts';

const sdk = 'sdk/go';
/** What `plugin new` puts into a new folder, so that an author needs nothing of this repository. */
const template = 'tools/cli/template/go/sallyport';
const importWorld = /world imports \{([^}]*)\}/;

/** The contract in Go, and the SDK once more in the template. Yields [path, text]. */
export async function goSdk(root: string): Promise<Map<string, string>> {
  const wit = await witSource(join(root, 'wit'));
  const imports = [...(importWorld.exec(wit)?.[1] ?? '').matchAll(/import ([\w-]+);/g)].map(([, name = '']) => name);
  const generated = goContract(parseWit(wit), { exports: ['lifecycle', 'dispatch-hooks'], imports });
  const files = new Map([...generated].map(([name, text]) => [`${sdk}/${name}`, text]));
  const present = await readdir(join(root, sdk));
  const written = present.filter(name => !generated.has(name) && !name.endsWith('_test.go'));
  for (const name of written) files.set(`${template}/${name}`, await readFile(join(root, sdk, name), 'utf8'));
  for (const [name, text] of generated) files.set(`${template}/${name}`, text);
  return files;
}
