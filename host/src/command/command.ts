/** What every command that reads a configuration takes. */
interface Common {
  /** The file. */
  readonly config: string;
  /** Whether the result is for machines. */
  readonly json: boolean;
}

/** `serve` and `check`. */
export interface StartCommand extends Common {
  /** Refuse to start unless the lockfile names exactly the configured plugins. */
  readonly frozen: boolean;
  readonly allowDowngrade: boolean;
}

export interface LockCommand extends Common {
  /** Ids of the plugins whose changes the operator agrees with. */
  readonly approve: readonly string[];
  readonly allowDowngrade: boolean;
}

export interface GrantsCommand extends Common {
  readonly plugin: string;
}
