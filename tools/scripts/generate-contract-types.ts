import { join } from 'node:path';
import { $init, generateTypes } from '@bytecodealliance/jco-transpile/component';
import { witSource, worlds } from './wit-source.ts';

const folder = 'host/src/contract/generated';

/** Generates TypeScript types of the host's side of wit/, one file per interface. Returns [path, text]. */
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
