import { type Document, LineCounter, parseDocument } from 'yaml';
import { offsetOf } from './yaml-offset.ts';

/** Where something is in a text. */
export interface Position {
  /** The line, counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** A YAML document with the positions of what is in it. */
export interface ParsedYaml {
  readonly document: Document;
  /** Returns the position of an offset in the text. */
  at(offset: number): Position;
  /** Returns the position of the value at `path`, or of the name of its member `key`; for a missing one, of its parent. */
  position(path: readonly PropertyKey[], key?: string): Position;
}

/** Parses YAML 1.2. Problems are in the document's `errors` and `warnings`. */
export function parseYaml(source: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(source, { version: '1.2', prettyErrors: false, uniqueKeys: true, lineCounter: lines });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return { document, at, position: (path, key) => at(offsetOf(document, path, key)) };
}
