import type { Terminal } from './terminal.ts';

/** An option of a subcommand. One with a `value` takes a value of that name; one without is a switch. */
export interface Option {
  /** One line for `--help`. */
  readonly says: string;
  /** What stands for the value in `--help`: FILE, REFERENCE. FILE and FOLDER are completed as such. */
  readonly value?: string;
  readonly short?: string;
  readonly required?: true;
  /** May be given more than once. */
  readonly many?: true;
  readonly default?: string;
  readonly choices?: readonly string[];
}

/** What stands without a name on the command line, in the order of the table. */
export interface Argument {
  readonly says: string;
  readonly optional?: true;
  readonly choices?: readonly string[];
}

export type Options = Readonly<Record<string, Option>>;
export type Arguments = Readonly<Record<string, Argument>>;

type OptionValue<O extends Option> = O extends { value: string }
  ? O extends { many: true }
    ? readonly string[]
    : O extends { required: true } | { default: string }
      ? string
      : string | undefined
  : boolean;
type ArgumentValue<A extends Argument> = A extends { optional: true } ? string | undefined : string;

/** The command line, read: every option and argument by its name in the table. */
export interface Given<O extends Options, A extends Arguments> {
  readonly options: { readonly [Name in keyof O]: OptionValue<O[Name]> };
  readonly args: { readonly [Name in keyof A]: ArgumentValue<A[Name]> };
  /** Whether the result is for machines. */
  readonly json: boolean;
}

/** Where the command line runs. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM, with the signal's name as its reason. */
  readonly signal: AbortSignal;
}

/** Where a subcommand runs. */
export interface Context extends Surroundings {
  /** All subcommands, loaded. */
  entries(): Promise<readonly Entry[]>;
}

/**
 * What a subcommand yields: `json` for machines, `text` for people; or text that is as it was asked for already. `exit`
 * is the exit code of a result that is bad news, and of no error.
 */
export type Result = { readonly json: object; readonly text: string; readonly exit?: 0 | 1 } | string | undefined;

/** A subcommand, as the table, `--help` and the completions know it. */
export interface Command {
  /** One line, without a full stop. */
  readonly summary: string;
  /** More, below the usage. */
  readonly about?: string;
  readonly arguments: Arguments;
  readonly options: Options;
  /** What to type, as it stands. */
  readonly example: string;
  /** @throws Fault, Faults */
  run(given: Given<Options, Arguments>, on: Context): Promise<Result>;
}

/** A subcommand with the words that lead to it. */
export interface Entry {
  readonly path: readonly string[];
  readonly command: Command;
}

/** A subcommand whose `run` gets what its own options and arguments say, by type. */
export function defineCommand<const O extends Options, const A extends Arguments>(
  command: Omit<Command, 'run' | 'options' | 'arguments'> & {
    readonly options: O;
    readonly arguments: A;
    run(given: Given<O, A>, on: Context): Promise<Result>;
  },
): Command {
  return command as Command;
}
