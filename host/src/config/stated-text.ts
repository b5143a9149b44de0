import { type Fault, toFaults } from '../core/fault.ts';
import { memberAt } from './member-at.ts';

/** Parsers of what the file holds as text and others understand. Each throws a Fault for what it cannot read. */
export interface TextParsers {
  reference(text: string): unknown;
  publicKey(pem: string): unknown;
}

/** A text that its parser refuses, with the place where it stands or its file is named. */
export interface RefusedText {
  readonly path: readonly PropertyKey[];
  readonly fault: Fault;
}

/** Reads each reference and key of the configuration, so that one that is wrong is told together with all others. */
export function refusedTexts(
  value: unknown,
  keyFiles: ReadonlyMap<string, string>,
  { reference, publicKey }: TextParsers,
): readonly RefusedText[] {
  const plugins = indices(value, ['plugins']).map(index => ['plugins', index, 'source']);
  const keys = indices(value, ['trust', 'keys']).map(index => ['trust', 'keys', index]);
  const stated = (paths: readonly PropertyKey[][], member: string) => paths.map(path => [...path, member]);
  const fromFile = (name: string) => keyFiles.get(name);
  return [
    ...refused(value, stated(plugins, 'oci'), reference),
    ...refused(value, [...stated(plugins, 'public_key'), ...stated(keys, 'pem')], publicKey),
    ...refused(value, [...stated(plugins, 'public_key_file'), ...stated(keys, 'file')], publicKey, fromFile),
  ];
}

function refused(
  value: unknown,
  paths: readonly PropertyKey[][],
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

/** The numbers of the entries of a list. */
export function indices(value: unknown, path: readonly string[]): readonly number[] {
  const list = memberAt(value, path);
  return Array.isArray(list) ? [...list.keys()] : [];
}
