/** What all commands that read a configuration have in common. */
interface Common {
  /** The file. */
  readonly config: string;
  /** Whether to print JSON. */
  readonly json: boolean;
}

/** The options of `serve` and `check`. */
export interface StartCommand extends Common {
  /** Refuse to start unless the lockfile names exactly the configured plugins. */
  readonly frozen: boolean;
  readonly allowDowngrade: boolean;
}

export interface LockCommand extends Common {
  /** Ids of the plugins whose changes the operator approves. */
  readonly approve: readonly string[];
  readonly allowDowngrade: boolean;
}

export interface GrantsCommand extends Common {
  readonly plugin: string;
}
