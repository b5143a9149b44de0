import type { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { Path, Problem } from '../problem.ts';

/** Helpers to finish the values of a section; files are relative to the folder of the configuration. */
export interface Files {
  /** Returns the absolute path; `~/` is the home folder. */
  absolute(path: string): string;
  /** Returns the text of a key file that `keyFiles` listed. */
  keyText(name: string): string;
}

/**
 * One section of sallyport.yaml: some top-level keys with their schema and checks.
 *
 * The checks take the file as it was read, whether or not it fits the schema, so that all problems are reported at
 * once. `finish` runs only when there are none. A new key is added in the file of its section, and nowhere else.
 *
 * @example
 * export const audit = section({
 *   shape: { audit: z.strictObject({ file: z.string().optional() }).prefault({}) },
 *   finish: ({ audit }, files) => ({ audit: { file: files.absolute(audit.file) } }),
 * });
 */
export interface Section<Shape extends z.ZodRawShape, Finished> extends SectionChecks {
  readonly shape: Shape;
  /** Makes values ready for use: absolute paths, texts of key files. */
  finish(parsed: z.output<z.ZodObject<Shape>>, files: Files): Finished;
}

/** The checks of a section, which need no schema. */
export interface SectionChecks {
  /** Lists the places with the path of a public key file. */
  keyFiles?(value: JsonObject): readonly Path[];
  /** Lists the places with the PEM of a public key. */
  publicKeys?(value: JsonObject): readonly Path[];
  /** Lists the places with an OCI reference. */
  references?(value: JsonObject): readonly Path[];
  /** Reports problems across values: duplicate names, unknown names. */
  problems?(value: JsonObject): readonly Problem[];
  /** Reports what is valid but rarely intended. */
  warnings?(value: JsonObject): readonly Problem[];
}

/** Declares a section, with the type of its finished values. */
export const section = <Shape extends z.ZodRawShape, Finished>(
  declared: Section<Shape, Finished>,
): Section<Shape, Finished> => declared;

/** Declares a section whose parsed values are ready for use. */
export const plainSection = <Shape extends z.ZodRawShape>(
  declared: SectionChecks & { readonly shape: Shape },
): SectionChecks & { readonly shape: Shape } => declared;
