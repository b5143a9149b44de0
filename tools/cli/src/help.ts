import type { Command, Option } from './command.ts';
import { shared } from './parse.ts';
import type { Table } from './table.ts';

const indent = 2;
const widest = 100;

const exitCodes = `Exit codes: 0 success, 1 failure at run time, 2 wrong usage, 3 configuration refused, 4 plugin refused,
5 upstream unreachable; 130 and 143 interrupted by SIGINT and SIGTERM.`;

/** Writes the `--help` of one subcommand. */
export function commandHelp(path: string, { summary, about, arguments: args, options, example }: Command): string {
  const words = Object.entries(args).map(([name, { optional, many }]) =>
    optional ? `[${name}]` : many ? `${name}...` : name,
  );
  const needed = Object.entries(options).filter(([, { required }]) => required);
  const usage = ['sallyport', path, '[options]', ...needed.map(([name, { value }]) => `--${name} ${value}`), ...words];
  return [
    `Usage: ${usage.join(' ')}`,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...(about === undefined ? [] : ['', about]),
    ...section(
      'Arguments',
      Object.entries(args).map(([name, { says }]) => [name, says]),
    ),
    ...section(
      'Options',
      Object.entries({ ...options, ...shared }).map(([name, option]) => [
        signature(name, option),
        formatOption(option),
      ]),
    ),
    '',
    'Example:',
    ...example.split('\n').map(line => `  ${line}`),
  ].join('\n');
}

/** Writes the `--help` of a table of commands: the top level, or a group. */
export async function tableHelp(below: Table, path: readonly string[]): Promise<string> {
  const rows = await Promise.all(
    Object.entries(below).map(async ([name, each]): Promise<readonly [string, string]> => {
      return [name, typeof each === 'function' ? (await each()).command.summary : each.summary];
    }),
  );
  const words = ['sallyport', ...path].join(' ');
  const top = path.length === 0;
  return [
    `Usage: ${words} <command> [options]`,
    ...section('Commands', rows),
    '',
    `\`${words} <command> --help\` explains a command, with an example; every command has --json.`,
    ...(top ? ['', exitCodes] : []),
  ].join('\n');
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  if (rows.length === 0) return [];
  const column = Math.min(34, Math.max(...rows.map(([name]) => name.length))) + indent * 2;
  return ['', `${title}:`, ...rows.flatMap(([name, says]) => row(name, says, column))];
}

/** Formats a name with its description next to it, wrapped. */
function row(name: string, says: string, column: number): readonly string[] {
  const lines: string[] = [];
  for (const word of says.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && column + last.length + word.length < widest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const [first = '', ...rest] = lines;
  const head = `${' '.repeat(indent)}${name}`;
  const begin = head.length < column ? [head.padEnd(column) + first] : [head, ' '.repeat(column) + first];
  return [...begin, ...rest.map(line => ' '.repeat(column) + line)];
}

const signature = (name: string, { short, value }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const formatOption = ({ says, default: fallback, many, choices }: Option): string =>
  [
    says,
    ...(choices === undefined ? [] : [`(${choices.join(', ')})`]),
    ...(fallback === undefined ? [] : [`(default: ${fallback})`]),
    ...(many === undefined ? [] : ['(may be repeated)']),
  ].join(' ');
