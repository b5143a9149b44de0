import { join } from 'node:path';
import { $init, generateTypes } from '@bytecodealliance/jco-transpile/component';
import { witSource, worlds } from './wit-source.ts';

/** The modules `sallyport:plugin/…` as plugins in TypeScript import them. Yields [path, text]. */
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

/** All modules stand in one file, which needs no references. An option that is none is null in QuickJS. */
const declaration = (text: string): string =>
  `${text
    .replace(/^\/\/\/ <reference .*\n/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replaceAll(' | undefined', ' | null | undefined')
    .replace(/^( +\w+\?: .*),$/gm, '$1 | null,')
    .trim()}\n`;
