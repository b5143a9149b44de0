import { Fault, Faults } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { parseYaml } from './parse-yaml.ts';

/** The maximum number of nodes that aliases may expand to. */
const aliasLimit = 100;

/**
 * Reads one entry of a list of sallyport.yaml, in YAML or JSON. Variables are not replaced.
 * @param file names the text in problems
 * @throws Faults of `config_invalid`
 */
export function readEntry(text: string, file: string): JsonObject {
  const { document, at } = parseYaml(text);
  const refuse = (offset: number, message: string) => new Fault('config_invalid', { file, ...at(offset), message });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) throw new Faults(problems.map(({ pos, message }) => refuse(pos[0], message)));
  const value = readValue(
    () => document.toJS({ maxAliasCount: aliasLimit }),
    message => refuse(0, message),
  );
  if (isJsonObject(value)) return value;
  throw new Faults([refuse(0, 'expected one entry, an object with an id')]);
}

function readValue(read: () => unknown, refuse: (message: string) => Fault) {
  try {
    return read() as Parameters<typeof isJsonObject>[0];
  } catch (error) {
    throw new Faults([refuse(error instanceof Error ? error.message : String(error))]);
  }
}
