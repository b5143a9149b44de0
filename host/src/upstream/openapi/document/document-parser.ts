import type { ChildProcess } from 'node:child_process';
import { forkBoundChild } from '../../../core/bound-child.ts';
import type { Json } from '../../../core/json.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import type { DocumentProblem } from './problem.ts';

export interface DocumentOrder {
  readonly text: string;
  /** Whether it is the main document, whose structure is checked, and not one that it refers to. */
  readonly isMain: boolean;
}

export type DocumentAnswer =
  | { readonly value: Json; readonly problems: readonly DocumentProblem[] }
  | { readonly why: string };

const program = new URL('./document-child.ts', import.meta.url);
/** The child may read code, and nothing else. The document of GitHub's API, 10 MB of YAML, needs 600 MB. */
const restraints = ['--permission', '--allow-fs-read=*', '--max-old-space-size=1024'];
/** Milliseconds for one text. The same document takes seven seconds. */
const timeoutMs = 60_000;

/** Parses documents in a child process, one after the other. Disposing ends it. */
export class DocumentParser implements Disposable {
  #child: ChildProcess | undefined;

  /** Returns the value of a text and what is wrong with it, or why it cannot be parsed. */
  async parse(order: DocumentOrder, signal: AbortSignal): Promise<DocumentAnswer> {
    const child = this.#child ?? forkBoundChild(program, { restraints, stderr: 'ignore' });
    this.#child = child;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { promise, resolve } = Promise.withResolvers<DocumentAnswer>();
    const ended = () => resolve({ why: 'it needs more memory than a document may' });
    const failed = (error: Error) => resolve({ why: `it could not be parsed: ${error.message}` });
    child.once('message', resolve).once('exit', ended).once('error', failed);
    child.send(order, error => error !== null && ended());
    try {
      return await unlessAborted(promise, limited);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return { why: `it could not be parsed within ${timeoutMs} ms` };
    } finally {
      child.off('message', resolve).off('exit', ended).off('error', failed);
      if (limited.aborted || child.exitCode !== null || child.signalCode !== null) this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
