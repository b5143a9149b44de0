/** What is wrong with a ledger. */
export interface LedgerProblem {
  readonly kind: ProblemKind;
  readonly file: string;
  /** The number of the line in its file. */
  readonly line: number;
  /** The sequence number that the line has, or should have. */
  readonly seq?: number | undefined;
  readonly message: string;
}

export type ProblemKind =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'duplicated'
  | 'reordered'
  | 'foreign'
  | 'restarted'
  | 'signature'
  | 'unknown_key'
  | 'unsigned'
  | 'cut_short'
  | 'empty';

/** What is unusual, and does not show that anyone has changed the ledger. */
export interface LedgerNotice {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface VerifiedFile {
  readonly file: string;
  readonly lines: number;
  readonly first?: number | undefined;
  readonly last?: number | undefined;
}

/** The result of verifying a ledger. */
export interface Verification {
  readonly intact: boolean;
  /** In the order of the chain. */
  readonly files: readonly VerifiedFile[];
  /** The first and the last number of the chain, and the hash of the last line. */
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  readonly hash?: string | undefined;
  /** The last number that a valid signature covers, and its time. */
  readonly signed?: { readonly seq: number; readonly time: string } | undefined;
  readonly checkpoints: number;
  /** The ids of the keys that signed, and whether the caller named them. */
  readonly keys: readonly { readonly key: string; readonly trusted: boolean }[];
  readonly problems: readonly LedgerProblem[];
  /** The number of problems beyond those that are listed. */
  readonly more_problems: number;
  readonly notices: readonly LedgerNotice[];
}
