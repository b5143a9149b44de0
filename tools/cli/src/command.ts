import type { Terminal } from './terminal.ts';

/** An option of a subcommand. One with a `value` takes a value of that name; one without is a switch. */
export interface Option {
  /** One line for `--help`. */
  readonly says: string;
  /** The placeholder of the value in `--help`: FILE, REFERENCE. The shell completes FILE and FOLDER. */
  readonly value?: string;
  readonly short?: string;
  readonly required?: true;
  /** Whether the option may be given more than once. */
  readonly many?: true;
  readonly default?: string;
  readonly choices?: readonly string[];
}

/** A positional argument of a subcommand, in the order of the table. */
export interface Argument {
  readonly says: string;
  readonly optional?: true;
  /** Whether it may be given more than once. Only the last one can. */
  readonly many?: true;
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
type ArgumentValue<A extends Argument> = A extends { many: true }
  ? readonly string[]
  : A extends { optional: true }
    ? string | undefined
    : string;

/** The parsed command line: every option and argument by its name in the table. */
export interface Given<O extends Options, A extends Arguments> {
  readonly options: { readonly [Name in keyof O]: OptionValue<O[Name]> };
  readonly args: { readonly [Name in keyof A]: ArgumentValue<A[Name]> };
  /** Whether the result is printed as JSON. */
  readonly json: boolean;
}

/** The surroundings of the command line. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM, with the signal's name as the reason. */
  readonly signal: AbortSignal;
}

/** The surroundings of a subcommand. */
export interface Context extends Surroundings {
  /** Loads all subcommands. */
  entries(): Promise<readonly Entry[]>;
}

/**
 * The result of a subcommand: `json` for machines and `text` for people, or text in the format that was asked for.
 * `exit` is the exit code of a result that is negative but not an error.
 */
export type Result = { readonly json: object; readonly text: string; readonly exit?: 0 | 1 | 3 } | string | undefined;

/** A subcommand, as used by the table, `--help` and the completions. */
export interface Command {
  /** A summary in one line, without a full stop. */
  readonly summary: string;
  /** More text, shown below the usage. */
  readonly about?: string;
  readonly arguments: Arguments;
  readonly options: Options;
  /** A command to type verbatim. */
  readonly example: string;
  /** @throws Fault, Faults */
  run(given: Given<Options, Arguments>, on: Context): Promise<Result>;
}

/** A subcommand with the words that lead to it. */
export interface Entry {
  readonly path: readonly string[];
  readonly command: Command;
}

/** A subcommand whose `run` gets its options and arguments typed. */
export function defineCommand<const O extends Options, const A extends Arguments>(
  command: Omit<Command, 'run' | 'options' | 'arguments'> & {
    readonly options: O;
    readonly arguments: A;
    run(given: Given<O, A>, on: Context): Promise<Result>;
  },
): Command {
  return command as Command;
}
