import { type Fault, toFaults } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { memberAt } from './member-at.ts';
import type { Path } from './problem.ts';
import { inSections } from './schema.ts';

/** Parsers that other folders provide. Each throws a Fault for a text that it cannot parse. */
export interface TextParsers {
  reference(text: string): unknown;
  publicKey(pem: string): unknown;
}

/** A text that its parser refuses, with its place or that of the file's name. */
export interface RefusedText {
  readonly path: Path;
  readonly fault: Fault;
}

/** Parses each reference and key of the configuration, so that invalid ones are reported with all other problems. */
export function refusedTexts(
  value: JsonObject,
  keyFiles: ReadonlyMap<string, string>,
  { reference, publicKey }: TextParsers,
): readonly RefusedText[] {
  const references = inSections(value, section => section.references?.(value));
  const publicKeys = inSections(value, section => section.publicKeys?.(value));
  const files = inSections(value, section => section.keyFiles?.(value));
  return [
    ...refused(value, references, reference),
    ...refused(value, publicKeys, publicKey),
    ...refused(value, files, publicKey, name => keyFiles.get(name)),
  ];
}

function refused(
  value: JsonObject,
  paths: readonly Path[],
  parse: (text: string) => unknown,
  textOf: (stated: string) => string | undefined = stated => stated,
): readonly RefusedText[] {
  return paths.flatMap(path => {
    const stated = memberAt(value, path);
    const text = typeof stated === 'string' ? textOf(stated) : undefined;
    if (text === undefined || text === '') return [];
    try {
      parse(text);
      return [];
    } catch (error) {
      return toFaults(error).map(fault => ({ path, fault }));
    }
  });
}
