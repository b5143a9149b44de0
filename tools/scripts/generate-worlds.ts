import { capabilities } from '@sallyport/host/capability';
import { exportsOf } from '../cli/src/build/world.ts';
import { worlds } from './wit-source.ts';

const ours = /^sallyport:plugin\/(?<name>[^@]+)@/;

/** Generates wit/worlds.wit from the registry of capabilities and the kinds of plugins. Returns path and text. */
export async function worldList(): Promise<Map<string, string>> {
  const imports = capabilities.flatMap(({ wit }) => wit.flatMap(each => ours.exec(each)?.groups?.name ?? []));
  const text = [
    '// Generated from host/src/capability/registry.ts and the kinds of plugins; run `pnpm generate`.',
    'package sallyport:plugin@0.1.0;',
    '',
    "/// Everything a plugin may import. A build generates the plugin's own world with only what its descriptor declares.",
    ...world(
      'imports',
      imports.map(name => `import ${name};`),
    ),
    ...worlds.flatMap(kind => [
      '',
      ...world(kind, ['include imports;', ...exportsOf(kind).map(name => `export ${name};`)]),
    ]),
    '',
  ].join('\n');
  return new Map([['wit/worlds.wit', text]]);
}

const world = (name: string, lines: readonly string[]) => [`world ${name} {`, ...lines.map(line => `  ${line}`), '}'];
