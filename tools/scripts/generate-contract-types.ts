import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $init, generateTypes } from '@bytecodealliance/jco-transpile/component';

const worlds = ['transform', 'identity', 'policy', 'tools', 'sink', 'router'];
const folder = 'host/src/core/contract';

/** TypeScript types of the host's side of wit/, one file an interface. Yields [path, text]. */
export async function contractTypes(root: string): Promise<Map<string, string>> {
  await $init;
  const source = await witSource(join(root, 'wit'));
  const files = new Map<string, string>();
  for (const world of worlds) {
    const generated = generateTypes(world, {
      wit: { tag: 'source', val: source },
      world,
      instantiation: { tag: 'sync' },
      tlaCompat: false,
      features: { tag: 'list', val: [] },
      variantsInlineCases: true,
    });
    for (const [name, bytes] of generated) {
      if (!name.startsWith('interfaces/')) continue;
      const path = `${folder}/${name.replace('interfaces/sallyport-plugin-', '')}`;
      const text = Buffer.from(bytes)
        .toString('utf8')
        .replaceAll('./sallyport-plugin-', './')
        .replace(/[ \t]+$/gm, '');
      files.set(path, `// Generated from wit/ by tools/scripts/generate-contract-types.ts.\n${text}`);
    }
  }
  return files;
}

/** The package as one text: the generator takes one source with one package line. */
async function witSource(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter(name => name.endsWith('.wit')).sort();
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')));
  const packageLine = /^package .*;$/m;
  const first = packageLine.exec(texts[0] ?? '');
  return [first?.[0], ...texts.map(text => text.replace(packageLine, ''))].join('\n');
}
