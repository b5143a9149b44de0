import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import type { ContractTable } from '@sallyport/host/contract';
import { componentTypes, type Exports } from '@sallyport/host/wasm';
import { parseWit } from '../cli/src/build/parse-wit.ts';
import { witSource } from './wit-source.ts';

const folder = 'host/src/contract/generated';
const worldName = 'everything';

/**
 * Generates the types of all functions of wit/, and of the WASI functions that plugins may import, as our reader finds
 * them in a component that imports or exports all of them. Returns [path, text].
 */
export async function contractTable(root: string): Promise<Map<string, string>> {
  const wit = await witSource(join(root, 'wit'));
  const { interfaces } = parseWit(wit);
  const imported = /world imports \{([^}]*)\}/.exec(wit)?.[1] ?? '';
  const isImported = (name: string) => imported.includes(`import ${name};`);
  const functional = interfaces.filter(({ functions }) => functions.length > 0).map(({ name }) => name);
  const world = functional.map(name => `  ${isImported(name) ? 'import' : 'export'} ${name};`).join('\n');
  const contract = await typesOf(`${wit}\nworld ${worldName} {\n${world}\n}`);

  const wasi = await readFile(join(root, 'tools/scripts/wasi/wasi-0.2.wit'), 'utf8');
  const names = [...wasi.matchAll(/^package (wasi:\w+)(@[\d.]+) \{([\s\S]*?)^\}/gm)].flatMap(
    ([, name = '', version = '', body = '']) =>
      [...body.matchAll(/^ {2}interface ([\w-]+)/gm)].map(([, each = '']) => `${name}/${each}${version}`),
  );
  const wasiWorld = names.map(name => `  import ${name};`).join('\n');
  const wasiTypes = await typesOf(`${wasi}\nworld ${worldName} {\n${wasiWorld}\n}`);
  // One version is enough: functions of WASI 0.2.0 have the same types in 0.2.4.
  const anyVersion = Object.fromEntries(Object.entries(wasiTypes).map(([name, types]) => [unversioned(name), types]));

  return new Map([
    [`${folder}/functions.ts`, file('contractFunctions', 'All functions of the contract with plugins.', contract)],
    [
      `${folder}/wasi-functions.ts`,
      file(
        'wasiFunctions',
        'All functions of the interfaces of WASI 0.2 that plugins may import, without version.',
        anyVersion,
      ),
    ],
  ]);
}

async function typesOf(witSource: string): Promise<ContractTable> {
  const core = await componentEmbed({ dummy: true, witSource, world: worldName, stringEncoding: 'utf8' });
  const { imports, exports } = componentTypes(await componentNew(core, []));
  const table = [...imports, ...exports].map(
    ([name, item]) => [name, item.is === 'instance' ? functionsOf(item.exports) : {}] as const,
  );
  return Object.fromEntries(table.filter(([, functions]) => Object.keys(functions).length > 0));
}

const functionsOf = (exports: Exports) =>
  Object.fromEntries([...exports].flatMap(([name, item]) => (item.is === 'function' ? [[name, item.type]] : [])));

const unversioned = (name: string) => name.replace(/@.*$/, '');

function file(name: string, says: string, table: ContractTable): string {
  const interfaces = Object.entries(table).map(([each, functions]) => {
    const lines = Object.entries(functions).map(
      ([of, type]) => `    ${JSON.stringify(of)}: ${JSON.stringify(type)},\n`,
    );
    return `  ${JSON.stringify(each)}: {\n${lines.join('')}  },\n`;
  });
  return (
    '// Generated from wit/ by tools/scripts/generate-contract-table.ts.\n' +
    "import type { ContractTable } from '../value-type.ts';\n\n" +
    `/** ${says} */\nexport const ${name}: ContractTable = {\n${interfaces.join('')}};\n`
  );
}
