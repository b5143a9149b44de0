/** Files, as they were when they were read and as they are. */
export interface WatchedFiles {
  /** A text that differs when a file does. */
  readonly version: string;
  versionNow(): Promise<string>;
}

/** How often files are looked at, in milliseconds. */
const usualMs = 1_000;

/**
 * Watches the files that a configuration was read from, by looking at them every second. Unlike events of the file
 * system, this works on networks, and wherever a symbolic link or a folder on the way to a file is replaced. A change
 * counts once two looks in a row see the same, so that a file is not taken while it is written. It keeps no process alive.
 */
export class FileWatch implements Disposable {
  readonly #changed: () => void;
  readonly #everyMs: number;
  #files: WatchedFiles | undefined;
  #seen: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed is called once for each `start` at most */
  constructor(changed: () => void, everyMs: number = usualMs) {
    this.#changed = changed;
    this.#everyMs = everyMs;
  }

  /** Watches these files from now on, instead of others. A change since they were read counts. */
  start(files: WatchedFiles): void {
    this.#files = files;
    this.#seen = undefined;
    this.#lookLater();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#files = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs).unref();
  }

  async #look(): Promise<void> {
    const files = this.#files;
    const now = await files?.versionNow();
    // It was stopped or started again meanwhile.
    if (files === undefined || files !== this.#files) return;
    const isSettled = now === this.#seen;
    this.#seen = now;
    if (now !== files.version && isSettled) {
      this.stop();
      this.#changed();
    } else this.#lookLater();
  }
}
