/** A path in plain data: member names and entry indexes. */
export type Path = readonly PropertyKey[];

/** One problem in the file. */
export interface Problem {
  readonly path: Path;
  /** The member at `path` whose name, not value, is the problem. */
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}

/** A place in the configuration. Only a file has lines. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path: string;
}
