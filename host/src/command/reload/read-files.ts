import { fileVersion, fileVersionLater } from '../../core/file-version.ts';
import type { WatchedFiles } from './file-watch.ts';

/** The files that a configuration was read from, and what each was like right before. */
export class ReadFiles implements WatchedFiles {
  readonly #versions = new Map<string, string>();

  /** Adds a file, which may be missing. Must be called before it is read, so that no change of it is missed. */
  add(file: string): void {
    if (!this.#versions.has(file)) this.#versions.set(file, fileVersion(file));
  }

  /** The versions of all files when they were read, as one text. */
  get version(): string {
    return [...this.#versions.values()].join('\n');
  }

  /** Returns the versions of all files now. */
  async versionNow(): Promise<string> {
    return (await Promise.all([...this.#versions.keys()].map(fileVersionLater))).join('\n');
  }
}
