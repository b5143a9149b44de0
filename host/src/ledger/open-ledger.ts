import { fileProblem } from '../core/file-problem.ts';
import { LineFile } from '../core/line-file.ts';
import type { LineOutput } from '../core/line-output.ts';
import type { CheckpointInterval } from './ledger.ts';
import { LedgerFile } from './ledger-file.ts';
import { LedgerStream } from './ledger-stream.ts';
import type { Rotation } from './rotation.ts';
import { openSigningKey, type SigningKey } from './signing-key.ts';

/** How lines are chained and signed. */
export interface LedgerOptions {
  /** The file of the private key, absolute. It is created if it is missing. */
  readonly keyFile: string;
  readonly checkpoint: CheckpointInterval;
  readonly rotate?: Rotation | undefined;
}

/** What an output of lines reports. */
export interface LineOutputReports {
  /** Is called each time that lines cannot be written, or the file cannot be rotated or locked. */
  onProblem(error: unknown): void;
  /** Is called with what a start found at the end of the file and could not verify. */
  onUnverified(found: string): void;
}

/**
 * Opens the output of lines for a file or for the standard output: a ledger, or plain lines without its options. Another
 * kind of sink is another `LineOutput` here.
 * @throws the system's error; an Error that says what is wrong with the key, or that another process has the file
 */
export function openLineOutput(
  to: { readonly file: string } | 'stdout',
  ledger: LedgerOptions | undefined,
  { onProblem, onUnverified }: LineOutputReports,
): LineOutput {
  if (ledger === undefined) return new LineFile(to === 'stdout' ? '/dev/stdout' : to.file, onProblem);
  const { keyFile, checkpoint, rotate } = ledger;
  const key = usableKey(keyFile);
  return to === 'stdout'
    ? new LedgerStream({ stream: process.stdout, key, checkpoint, onProblem })
    : new LedgerFile({ file: to.file, key, checkpoint, rotate, onProblem, onUnverified });
}

function usableKey(file: string): SigningKey {
  try {
    return openSigningKey(file);
  } catch (error) {
    throw new Error(`the key that signs it, ${file}, cannot be used: ${fileProblem(error)}`, { cause: error });
  }
}
