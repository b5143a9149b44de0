import type { AssumedUpstream } from './assumed-config.ts';

/** What all commands that read a configuration have in common. */
interface Common {
  /** The file. */
  readonly config: string;
  /** Whether to print JSON. */
  readonly json: boolean;
}

/** The options of `serve`. */
export interface ServeCommand extends StartCommand {
  /** The upstream of a gateway without a configuration file. */
  readonly assumed?: AssumedUpstream | undefined;
  /** Whether a change of the configuration's files reloads it. */
  readonly watch: boolean;
}

/** The options of `serve` and `check`. */
export interface StartCommand extends Common {
  /** Refuse to start unless the lockfile names exactly the configured plugins. */
  readonly frozen: boolean;
  readonly allowDowngrade: boolean;
}

/** The options of `doctor`. */
export interface DoctorCommand {
  readonly config: string;
  /** Whether to ask no other program and no other machine. */
  readonly offline: boolean;
}

export interface LockCommand extends Common {
  /** Ids of the plugins whose changes the operator approves. */
  readonly approve: readonly string[];
  readonly allowDowngrade: boolean;
}

export interface GrantsCommand extends Common {
  readonly plugin: string;
}

export interface AccountCommand {
  readonly config: string;
}

export interface RevokeAccountCommand extends AccountCommand {
  readonly upstream: string;
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly scheme?: string | undefined;
}

/** What all commands for API keys have in common. */
export interface KeyCommand {
  readonly config: string;
  /** The scheme whose keys they are; needed only if several have API keys. */
  readonly scheme?: string | undefined;
}

export interface NewKeyCommand extends KeyCommand {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly scopes: readonly string[];
  /** `90d`, `12h`, `30m`, a date in UTC, or `never`. */
  readonly expires: string;
}

export interface RevokeKeyCommand extends KeyCommand {
  readonly id: string;
}
