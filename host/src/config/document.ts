import { type Document, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import { interpolate } from './interpolate.ts';
import { type Position, parseYaml } from './parse-yaml.ts';
import { deepest, type FilledIn, isRandom, textsIn } from './secret-values.ts';
import { startOf } from './yaml-offset.ts';

export type PlacedProblem = Partial<Position> & { readonly message: string; readonly path?: string };

/** The configuration as it was read: a YAML file whose values can be located, or the object of a program. */
export interface ConfigDocument {
  /** The file as plain data; undefined if `problems` made it unreadable. */
  readonly value: unknown;
  readonly problems: readonly PlacedProblem[];
  /**
   * Returns the position of the value at `path`, or of the name of its member `key`; for a missing one, of its parent.
   */
  position(path: readonly PropertyKey[], key?: string): Partial<Position>;
  /** Replaces the values of variables in a text with their names. */
  redact(text: string): string;
  /** The values of variables and where they are used. */
  readonly filledIn: readonly FilledIn[];
}

/** The maximum number of nodes that aliases may expand to, so that a few lines cannot become gigabytes. */
const aliasLimit = 100;

/** How the parser reports a stack overflow: with this code, or with the engine's own message. */
const isExhaustion = ({ code, message }: { code: string; message: string }) =>
  code === 'RESOURCE_EXHAUSTION' || /call stack/i.test(message);
const tooDeep = 'nested too deeply';
/** Reads YAML 1.2 and collects all problems. Variables are replaced only in strings, after parsing. */
export function readDocument(source: string, env: NodeJS.ProcessEnv): ConfigDocument {
  const { document, at, position } = parseYaml(source);
  const problems = [...document.errors, ...document.warnings].map(
    (problem): PlacedProblem => ({
      ...at(problem.pos[0]),
      message: isExhaustion(problem) ? tooDeep : problem.message,
    }),
  );
  const used = new Map<string, string>();
  const filledIn: FilledIn[] = [];
  const beyond = tooDeepNode(document.contents);
  if (beyond !== undefined) {
    return {
      value: undefined,
      problems: [...problems, { ...at(startOf(beyond) ?? 0), message: tooDeep }],
      position: () => at(startOf(beyond) ?? 0),
      redact: text => text,
      filledIn,
    };
  }
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string') return;
      const result = interpolate(node.value, env);
      for (const message of result.problems) {
        problems.push({ ...at(node.range?.[0] ?? 0), path: pathOf([...ancestors, node]), message });
      }
      for (const [name, value] of result.used) {
        used.set(name, value);
        filledIn.push({ path: pathOf([...ancestors, node]), value });
      }
      node.value = result.text;
    },
  });
  return {
    value: problems.length === 0 ? plain(document, problems) : undefined,
    problems,
    position,
    redact: text =>
      [...used].reduce(
        (rest, [name, value]) => (value.length < 3 ? rest : rest.replaceAll(value, `\${${name}}`)),
        text,
      ),
    filledIn,
  };
}

/**
 * Takes the object of a program, which has no lines and no variables. What looks like a secret in it counts as the value
 * of a variable. Later changes of the object have no effect.
 */
export function objectDocument(value: object): ConfigDocument {
  const unplaced = { position: () => ({}), redact: (text: string) => text };
  try {
    const copy: unknown = structuredClone(value);
    const filledIn = textsIn(copy).filter(each => isRandom(each.value));
    return { value: copy, problems: [], filledIn, ...unplaced };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { value: undefined, problems: [{ message: `expected plain data: ${why}` }], filledIn: [], ...unplaced };
  }
}

/** Finds the first node that is nested too deeply. */
function tooDeepNode(contents: unknown): unknown {
  let level: readonly unknown[] = [contents];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return level[0];
    level = level.flatMap(node =>
      isPair(node) ? [node.key, node.value] : isMap(node) || isSeq(node) ? (node.items as readonly unknown[]) : [],
    );
  }
  return undefined;
}

function plain(document: Document, problems: PlacedProblem[]): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasLimit });
  } catch (error) {
    problems.push({ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** Returns the path of the last of these nodes, each of which contains the next. */
function pathOf(nodes: readonly unknown[]): string {
  const steps = nodes.map((node, index) => {
    if (isPair(node)) return isScalar(node.key) ? String(node.key.value) : '?';
    return isSeq(node) ? String(node.items.indexOf(nodes[index + 1])) : '';
  });
  return steps.filter(step => step !== '').join('.');
}
