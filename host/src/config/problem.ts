/** Where something is in plain data: names of members and numbers of entries. */
export type Path = readonly PropertyKey[];

/** One thing that is wrong with the file. */
export interface Problem {
  readonly path: Path;
  /** A member at `path` whose name is the problem, and not its value. */
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}

/** A place in the operator's file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}
