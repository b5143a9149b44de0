/** One error code: how it appears outside, what it means, and what the reader can do. */
export interface Code {
  /** Exit code of the process when the start fails with this code. */
  readonly exit?: 1 | 2 | 3 | 4 | 5;
  /** HTTP status when a client sees it. Its JSON-RPC number is in mcp/errors.ts, because revisions differ in it. */
  readonly http?: number;
  /** One sentence: what happened. */
  readonly says: string;
  /** What the reader should do next. */
  readonly todo: string;
}

/** A family of codes: one file of this folder. */
export type CodeFamily = Readonly<Record<string, Code>>;
