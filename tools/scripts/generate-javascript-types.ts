import { join } from 'node:path';
import { $init, generateTypes } from '@bytecodealliance/jco-transpile/component';
import { witSource, worlds } from './wit-source.ts';

/** Generates types for the modules `sallyport:plugin/…` that TypeScript plugins import. Returns [path, text]. */
export async function javaScriptTypes(root: string): Promise<Map<string, string>> {
  await $init;
  const wit = { tag: 'source', val: await witSource(join(root, 'wit')) } as const;
  const modules = new Map<string, string>();
  for (const world of worlds) {
    const features = { tag: 'list' as const, val: [] };
    const generated = generateTypes(world, { wit, world, features, guest: true, variantsInlineCases: true });
    for (const [name, bytes] of generated) {
      if (name.startsWith('interfaces/')) modules.set(name, declaration(Buffer.from(bytes).toString('utf8')));
    }
  }
  const texts = [...modules].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text);
  const contract = `// Generated from wit/ by tools/scripts/generate-javascript-types.ts.\n\n${texts.join('\n')}`;
  return new Map([['sdk/js/contract.d.ts', contract]]);
}

/** Adapts the types: all modules are in one file, so references go, and QuickJS represents an absent option as null. */
const declaration = (text: string): string =>
  `${text
    .replace(/^\/\/\/ <reference .*\n/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replaceAll(' | undefined', ' | null | undefined')
    .replace(/^( +\w+\?: .*),$/gm, '$1 | null,')
    .trim()}\n`;
