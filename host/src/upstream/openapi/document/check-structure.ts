import { Validator } from '@seriousme/openapi-schema-validator';
import { isJsonObject, type JsonObject, pointerStep } from '../../../core/json.ts';
import type { DocumentProblem } from './problem.ts';

/** Problems that are reported of one document. */
const most = 100;
/** Characters of a part of which all problems are collected; of a longer one only the first. */
const longestPart = 1024 * 1024;

/**
 * Checks a document against the JSON Schema of its version of OpenAPI. It is checked part by part, each path and each
 * component alone, because the validator collects all problems of what it is given, and a hostile part can have
 * millions.
 * @returns the problems in the order of the document, at most a hundred
 */
export async function checkStructure(document: JsonObject): Promise<readonly DocumentProblem[]> {
  const all = new Validator({ allErrors: true });
  const first = new Validator({ allErrors: false });
  const problems = new Map<string, DocumentProblem>();
  for (const part of partsOf(document)) {
    const validator = JSON.stringify(part).length > longestPart ? first : all;
    const { errors } = await validator.validate(part as Record<string, unknown>);
    // A text is about references, which are resolved elsewhere: they may lead to other documents.
    if (!Array.isArray(errors)) continue;
    for (const problem of readable(errors)) problems.set(`${problem.at} ${problem.message}`, problem);
    if (problems.size >= most) break;
  }
  return [...problems.values()].slice(0, most);
}

/** Returns documents that together contain everything: one without paths and components, and one for each of these. */
function* partsOf(document: JsonObject): Generator<JsonObject> {
  const { openapi, info, paths, components, ...rest } = document;
  const frame = { openapi: openapi ?? '', info: { title: '', version: '' }, paths: {} };
  const stated = {
    ...rest,
    ...(openapi === undefined ? {} : { openapi }),
    ...(info === undefined ? {} : { info }),
    ...(isJsonObject(components) ? { components: {} } : components === undefined ? {} : { components }),
    ...(isJsonObject(paths) ? { paths: {} } : paths === undefined ? {} : { paths }),
  };
  yield stated;
  for (const [path, item] of membersOf(paths)) yield { ...frame, paths: { [path]: item } };
  for (const [section, members] of membersOf(components)) {
    if (!isJsonObject(members)) yield { ...frame, components: { [section]: members } };
    for (const [name, component] of membersOf(members))
      yield { ...frame, components: { [section]: { [name]: component } } };
  }
}

const membersOf = (value: unknown): [string, JsonObject][] =>
  isJsonObject(value) ? (Object.entries(value) as [string, JsonObject][]) : [];

interface ValidatorError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string | undefined;
  readonly params: Record<string, unknown>;
}

/** Keywords whose errors mean no more than that one of several alternatives did not match. */
const wrappers = new Set(['oneOf', 'anyOf', 'allOf', 'if', 'not']);

/** Removes errors that alternatives cause in each other, such as that a parameter is not a reference. */
function readable(errors: readonly ValidatorError[]): readonly DocumentProblem[] {
  const telling = errors.filter(({ keyword, params }) => !wrappers.has(keyword) && params.missingProperty !== '$ref');
  const left = telling.length > 0 ? telling : errors;
  const byPlace = Map.groupBy(left, ({ instancePath }) => instancePath);
  return [...byPlace].flatMap(([path, found]) => {
    const missing = new Set(found.flatMap(({ params }) => (params.missingProperty as string | undefined) ?? []));
    // These are the two ways to describe a parameter or a header.
    if (missing.has('schema') && missing.delete('content')) missing.add('schema or content').delete('schema');
    const values = found.flatMap(({ keyword, params }) =>
      keyword === 'enum' && Array.isArray(params.allowedValues) ? params.allowedValues.map(String) : [],
    );
    const texts = [
      ...(missing.size > 0 ? [`missing: ${[...missing].join(', ')}`] : []),
      ...(values.length > 0 ? [`expected one of ${values.join(', ')}`] : []),
      ...found.filter(({ keyword }) => !summed.has(keyword)).map(textOf),
    ];
    return [...new Set(texts)].map(message => ({ at: `#${path}`, message }));
  });
}

/** Keywords whose errors are reported together. */
const summed = new Set(['required', 'enum', 'propertyNames']);

function textOf({ keyword, message = keyword, params }: ValidatorError): string {
  const name = params.additionalProperty ?? params.unevaluatedProperty;
  return typeof name === 'string' ? `unknown member ${pointerStep(name).slice(0, 100)}` : message;
}
