import type { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { Path, Problem } from '../problem.ts';

/** What a section needs to finish its values: files are relative to the folder of the configuration. */
export interface Files {
  /** An absolute path; `~/` is the home folder. */
  absolute(path: string): string;
  /** The text of a key file that `keyFiles` named. */
  keyText(name: string): string;
}

/**
 * One section of sallyport.yaml: some keys of the top level, and everything that is known about them.
 *
 * The checks take the file as it was read, whether or not it fits the schema, so that all problems are reported at once.
 * `finish` runs only when there are none. A new key is added in the file of its section, and nowhere else.
 *
 * @example
 * export const audit = section({
 *   shape: { audit: z.strictObject({ file: z.string().optional() }).prefault({}) },
 *   finish: ({ audit }, files) => ({ audit: { file: files.absolute(audit.file) } }),
 * });
 */
export interface Section<Shape extends z.ZodRawShape, Finished> extends SectionChecks {
  readonly shape: Shape;
  /** Makes values ready for use: absolute paths, texts of keys. */
  finish(parsed: z.output<z.ZodObject<Shape>>, files: Files): Finished;
}

/** The checks of a section, which need no schema. */
export interface SectionChecks {
  /** Places that hold the path of a file with a public key. */
  keyFiles?(value: JsonObject): readonly Path[];
  /** Places that hold the PEM of a public key. */
  publicKeys?(value: JsonObject): readonly Path[];
  /** Places that hold an OCI reference. */
  references?(value: JsonObject): readonly Path[];
  /** Problems that no single value shows: duplicate names, names of things that do not exist. */
  problems?(value: JsonObject): readonly Problem[];
  /** What is valid and still rarely intended. */
  warnings?(value: JsonObject): readonly Problem[];
}

/** Declares a section, with the type of what it finishes to. */
export const section = <Shape extends z.ZodRawShape, Finished>(
  declared: Section<Shape, Finished>,
): Section<Shape, Finished> => declared;

/** Declares a section whose values are ready for use as they are. */
export const plainSection = <Shape extends z.ZodRawShape>(
  declared: SectionChecks & { readonly shape: Shape },
): SectionChecks & { readonly shape: Shape } => declared;
