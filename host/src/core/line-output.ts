/**
 * Where a `LineQueue` writes its lines. Implementations wait while they cannot write, and report that themselves. Only
 * one append runs at a time.
 */
export interface LineOutput {
  /**
   * Writes lines, which have no ends yet. Resolves once they are safe.
   * @throws the system's error if they cannot be written while the output closes
   */
  append(lines: readonly string[]): Promise<void>;
  /** Writes lines without waiting, because the process is ending. @throws the system's error */
  appendNow(lines: readonly string[]): void;
  /** Opens a file again by its name, after log rotation moved the old one away. @throws the system's error */
  reopen(): void;
  /** Makes an append that waits try once more, and then fail. */
  stopWaiting(): void;
  close(): void | Promise<void>;
}
