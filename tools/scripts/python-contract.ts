import type {
  WitDefinition,
  WitFunction,
  WitInterface,
  WitMember,
  WitPackage,
  WitType,
} from '../cli/src/build/parse-wit.ts';

const pascal = (kebab: string): string =>
  kebab.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const snake = (kebab: string): string => kebab.replaceAll('-', '_');
const scalars = new Map([
  ['bool', 'bool'],
  ['string', 'str'],
  ['char', 'str'],
  ['f32', 'float'],
  ['f64', 'float'],
]);

/**
 * Generates the contract in Python: a module per interface, with the names that componentize-py uses. At run time the
 * modules that componentize-py generates for the plugin's world are used; these types are for authors and type checkers.
 * Throws for parts of WIT it does not support.
 */
export function pythonContract({ interfaces }: WitPackage, names: readonly string[]): ReadonlyMap<string, string> {
  const modules = names.map(name => {
    const found = interfaces.find(each => each.name === name);
    if (found === undefined) throw new Error(`no interface is named ${name}`);
    return found;
  });
  return new Map(modules.map(module => [`${snake(module.name)}.py`, moduleText(module)]));
}

function moduleText({ name, doc, types, functions }: WitInterface): string {
  const own = new Set(types.map(each => each.name));
  const aliases = new Map(types.flatMap(({ is, name, members }) => (is === 'alias' ? [[name, members[0]?.type]] : [])));
  const borrowed = new Set<string>();

  /** Returns the Python type. A result becomes its ok type; its error is raised. */
  function python(type: WitType | undefined): string {
    if (type === undefined) return 'None';
    if (type.is === 'plain') return scalars.get(type.name) ?? 'int';
    if (type.is === 'list') return isByte(type.of) ? 'bytes' : `List[${python(type.of)}]`;
    if (type.is === 'tuple') return `Tuple[${type.of.map(python).join(', ')}]`;
    if (type.is === 'option') {
      if (type.of.is === 'option') throw new Error(`${name}: an option of an option`);
      return `Optional[${python(type.of)}]`;
    }
    if (type.is === 'result') return python(type.ok);
    const alias = aliases.get(type.name);
    if (alias !== undefined) return python(alias);
    if (!own.has(type.name)) borrowed.add(pascal(type.name));
    return pascal(type.name);
  }

  function definition({ is, name: of, doc: above, members }: WitDefinition): string {
    const title = pascal(of);
    const docs = above.length > 0 ? [...above, ...memberDocs(members, '')] : memberDocs(members);
    if (is === 'record') {
      return dataclass(
        title,
        docs,
        members.map(each => `${snake(each.name)}: ${python(each.type)}`),
      );
    }
    if (is === 'enum') {
      const values = members.map((each, index) => `${snake(each.name).toUpperCase()} = ${index}`);
      return `class ${title}(Enum):\n${indent([...docString(docs), ...values])}`;
    }
    const cases = members.map(each =>
      dataclass(`${title}_${pascal(each.name)}`, each.doc, each.type ? [`value: ${python(each.type)}`] : []),
    );
    const union = `${title} = Union[${members.map(each => `${title}_${pascal(each.name)}`).join(', ')}]`;
    return [...cases, [union, ...docString(above)].join('\n')].join('\n\n');
  }

  function called({ name: of, doc: above, params, result }: WitFunction): string {
    const error =
      result?.is === 'result' && result.error ? [`Raises \`sallyport.Err\` of ${python(result.error)}.`] : [];
    const given = params.map(each => `${snake(each.name)}: ${python(each.type)}`).join(', ');
    const text = docString(above.length > 0 && error.length > 0 ? [...above, '', ...error] : [...above, ...error]);
    return `def ${snake(of)}(${given}) -> ${python(result)}:\n${indent([...text, '...'])}`;
  }

  const body = [...types.filter(({ is }) => is !== 'alias').map(definition), ...functions.map(called)].join('\n\n');
  const imports = [
    ...(body.includes('@dataclass') ? ['from dataclasses import dataclass'] : []),
    ...(body.includes('(Enum)') ? ['from enum import Enum'] : []),
    `from typing import ${['TYPE_CHECKING', ...['List', 'Optional', 'Tuple', 'Union'].filter(each => body.includes(`${each}[`))].join(', ')}`,
    ...(borrowed.size > 0 ? ['', `from .types import ${[...borrowed].toSorted().join(', ')}`] : []),
  ];
  return [
    '# Generated from wit/ by tools/scripts/generate-python-sdk.ts.',
    ...docString(doc),
    '',
    ...imports,
    '',
    'if TYPE_CHECKING:',
    '',
    indent(body.split('\n')),
    '',
    'else:',
    `    from wit_world.imports.${snake(name)} import *`,
    '',
  ].join('\n');
}

const isByte = (type: WitType): boolean => type.is === 'plain' && type.name === 'u8';

function dataclass(title: string, doc: readonly string[], fields: readonly string[]): string {
  const body = [...docString(doc), ...fields];
  return `@dataclass\nclass ${title}:\n${indent(body.length > 0 ? body : ['pass'])}`;
}

/** Adds the contract's documentation of fields to the docstring of their record. */
function memberDocs(members: readonly WitMember[], ...before: readonly string[]): readonly string[] {
  const docs = members.flatMap(each => (each.doc.length > 0 ? [`${snake(each.name)}: ${each.doc.join(' ')}`] : []));
  return docs.length > 0 ? [...before, ...docs] : docs;
}

const docString = (lines: readonly string[]): readonly string[] => {
  if (lines.length === 0) return [];
  return lines.length === 1 ? [`"""${lines[0]}"""`] : [`"""${lines[0]}`, ...lines.slice(1), '"""'];
};

const indent = (lines: readonly string[]): string =>
  lines
    .flatMap(line => line.split('\n'))
    .map(line => (line === '' ? '' : `    ${line}`))
    .join('\n');
