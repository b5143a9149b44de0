import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault, Faults, fail } from '../core/fault.ts';
import { type Config, finishConfig } from './config.ts';
import { crossCheck, unreachableTools, unusedPlugins } from './cross-check.ts';
import { readDocument } from './document.ts';
import { readKeyFiles } from './key-file.ts';
import type { Problem } from './problem.ts';
import { createConfigSchema, type GrantsSchema } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';

/** Something that is not wrong, and yet rarely meant. */
export interface ConfigWarning {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

export interface LoadOptions {
  readonly grants: GrantsSchema;
  /** Where `${NAME}` is looked up; the environment of the process unless stated. */
  readonly env?: NodeJS.ProcessEnv;
  readonly warn?: (warning: ConfigWarning) => void;
}

/**
 * Reads sallyport.yaml: variables filled in, defaults set, key files read, relative paths resolved against its folder.
 * @throws Faults of `config_invalid`: every problem, in the order of the file, with line, column, path and message
 * @throws Fault `config_unreadable`
 */
export async function loadConfig(file: string, { grants, env = process.env, warn }: LoadOptions): Promise<Config> {
  const text = await readFile(file, 'utf8').catch(error => fail('config_unreadable', { file }, error));
  const document = readDocument(text, env);
  const folder = dirname(resolve(file));
  const value = document.value ?? {};
  const { data, error } = createConfigSchema(grants).safeParse(value);
  const keys = await readKeyFiles(value, folder);

  const placed = ({ path, key, message, hint }: Problem) => ({
    ...document.position(path, key),
    path: [...path, ...(key === undefined ? [] : [key])].join('.'),
    message: document.redact(message),
    ...(hint === undefined ? {} : { hint: document.redact(hint) }),
  });
  const found = [...(error ? schemaProblems(error, value, grants) : []), ...crossCheck(value), ...keys.problems];
  const problems = document.problems.length > 0 ? document.problems : found.map(placed);
  if (!data || problems.length > 0) {
    const inOrder = problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
    throw new Faults(inOrder.map(problem => new Fault('config_invalid', { file, ...problem })));
  }
  for (const problem of [...unusedPlugins(value), ...unreachableTools(value)]) warn?.(placed(problem));
  return finishConfig(data, folder, name => keys.texts.get(name) ?? '');
}
