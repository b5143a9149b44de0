import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseWit, type WitDefinition, type WitFunction, type WitType } from './parse-wit.ts';

/**
 * A type in the format of tools/cli/javascript/check.js: the name of a primitive, `#name` of a defined type, or a
 * constructor with its parameters.
 */
export type ScriptType = string | readonly [kind: 'list' | 'option' | 'tuple', of: readonly ScriptType[]];

/** Defined types by name, in the format of check.js. */
export type ScriptTypes = Readonly<Record<string, ScriptDefinition>>;

/** A defined type; exactly one member is set. */
export interface ScriptDefinition {
  readonly record?: Readonly<Record<string, ScriptType>>;
  readonly variant?: Readonly<Record<string, ScriptType | null>>;
  readonly enum?: readonly string[];
  readonly alias?: ScriptType;
}

/** A function of the contract, as JavaScript sees it. */
export interface ScriptFunction {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: ScriptType }[];
  /** The type of its return value; of a `result` the ok type. Absent if it returns nothing. */
  readonly result?: ScriptType;
}

/** The interfaces of a plugin's world, as the modules of JavaScript see them. */
export interface ScriptContract {
  /** Returns the functions of an interface, by its WIT name. */
  functions(name: string): readonly ScriptFunction[];
  /** Returns the definitions that these types refer to, directly or not. */
  typesOf(types: readonly ScriptType[]): ScriptTypes;
}

/** Reads the contract in a folder of WIT. */
export async function readScriptContract(worldDir: string): Promise<ScriptContract> {
  const names = (await readdir(worldDir)).filter(name => name.endsWith('.wit'));
  const texts = await Promise.all(names.map(name => readFile(join(worldDir, name), 'utf8')));
  const { interfaces } = parseWit(texts.join('\n'));
  const definitions = new Map(interfaces.flatMap(({ types }) => types).map(each => [each.name, each]));
  return {
    functions: name => interfaces.find(each => each.name === name)?.functions.map(scriptFunction) ?? [],
    typesOf(types) {
      const found: Record<string, ScriptDefinition> = {};
      const visit = (type: ScriptType): void => {
        if (typeof type !== 'string') {
          for (const each of type[1]) visit(each);
          return;
        }
        const name = type.slice(1);
        const definition = type.startsWith('#') && !Object.hasOwn(found, name) ? definitions.get(name) : undefined;
        if (definition === undefined) return;
        found[name] = scriptDefinition(definition);
        for (const member of definition.members) if (member.type) visit(scriptType(member.type));
      };
      for (const each of types) visit(each);
      return found;
    },
  };
}

const scriptFunction = ({ name, params, result }: WitFunction): ScriptFunction => {
  const yielded = result?.is === 'result' ? result.ok : result;
  return {
    name: camelCase(name),
    parameters: params.map(each => ({ name: camelCase(each.name), type: scriptType(each.type) })),
    ...(yielded && { result: scriptType(yielded) }),
  };
};

function scriptType(type: WitType | undefined): ScriptType {
  if (type === undefined || type.is === 'result') throw new Error('a result has no JavaScript type');
  if (type.is === 'plain') return type.name;
  if (type.is === 'named') return `#${type.name}`;
  return [type.is, type.is === 'tuple' ? type.of.map(scriptType) : [scriptType(type.of)]];
}

/** Converts a definition. Field names become camelCase; case names stay as in WIT. */
function scriptDefinition({ is, members }: WitDefinition): ScriptDefinition {
  if (is === 'alias') return { alias: scriptType(members[0]?.type) };
  if (is === 'enum') return { enum: members.map(({ name }) => name) };
  const entries = members.map(({ name, type }) => [
    is === 'record' ? camelCase(name) : name,
    type ? scriptType(type) : null,
  ]);
  return { [is]: Object.fromEntries(entries) };
}

/** Converts a WIT name to camelCase. */
export const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
