import { readFile } from 'node:fs/promises';
import { Faults, fail, faultsAsJson, faultsAsText, nearest, toFaults, visible } from '@sallyport/host/core';
import type { Command, Result, Surroundings } from './command.ts';
import { commandHelp, tableHelp } from './help.ts';
import { parse } from './parse.ts';
import { entriesOf, type Table, table } from './table.ts';
import type { Terminal } from './terminal.ts';

const interrupted: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Runs the command line after the program's name. Results go to stdout, messages to stderr; with `--json` both are JSON
 * on stdout. Returns the exit code: 0, that of the first fault (docs/operator-guide.md), or 128 plus the signal number.
 */
export async function runCommand(argv: readonly string[], on: Surroundings): Promise<number> {
  const { signal } = on;
  const terminal = unsteered(on.terminal);
  const json = argv.includes('--json');
  try {
    const result = await dispatch(argv, { ...on, terminal });
    if (typeof result === 'string') terminal.print(result);
    else if (result) terminal.print(json ? JSON.stringify(result.json) : result.text);
    return typeof result === 'object' ? (result.exit ?? 0) : 0;
  } catch (error) {
    if (signal.aborted) {
      terminal.say(`interrupted by ${signal.reason}`);
      return interrupted[String(signal.reason)] ?? 1;
    }
    const faults = toFaults(error);
    if (json) terminal.print(faultsAsJson(faults));
    else on.terminal.say(faultsAsText(faults).replace(/^(\S+: )?\w+(?=:)/gm, code => terminal.style('red', code)));
    return new Faults(faults).exit;
  }
}

/** Wraps a terminal so that text from plugins, upstreams and registries cannot control it. */
const unsteered = (terminal: Terminal): Terminal => ({
  ...terminal,
  print: text => terminal.print(visible(text)),
  say: text => terminal.say(visible(text)),
});

async function dispatch(argv: readonly string[], on: Surroundings): Promise<Result> {
  if (argv[0] === '--version') return version();
  const found = await find(argv);
  if (!found.command) return tableHelp(found.below, found.path);
  const path = found.path.join(' ');
  const given = parse(found.command, path, found.rest);
  return given
    ? found.command.run(given, { ...on, entries: () => entriesOf(table) })
    : commandHelp(path, found.command);
}

type Found = { readonly path: readonly string[]; readonly rest: readonly string[] } & (
  | { readonly command: Command; readonly below?: never }
  | { readonly command?: never; readonly below: Table }
);

/** Follows the words to a subcommand, or to a table to show help for. @throws Fault `usage` */
async function find(argv: readonly string[], below: Table = table, path: readonly string[] = []): Promise<Found> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') return { below, path, rest };
  const next = Object.hasOwn(below, word) ? below[word] : undefined;
  const here = [...path, word];
  if (typeof next === 'function') return { command: (await next()).command, path: here, rest };
  if (next) return find(rest, next.commands, here);
  const meant = nearest(word, Object.keys(below)) ?? elsewhere(word);
  const words = ['sallyport', ...path].join(' ');
  return fail('usage', {
    command: here.join(' '),
    hint: meant === undefined ? `see: ${words} --help` : `did you mean: ${words} ${meant}?`,
  });
}

/** Finds the group of a misplaced word: `sallyport sign` probably means `sallyport plugin sign`. */
function elsewhere(word: string): string | undefined {
  for (const [name, each] of Object.entries(table)) {
    if (typeof each !== 'function' && Object.hasOwn(each.commands, word)) return `${name} ${word}`;
  }
  return undefined;
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
