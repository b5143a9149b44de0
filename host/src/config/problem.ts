/** One thing that is wrong with the file. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  /** A member at `path` whose name is the trouble, not its value. */
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}
