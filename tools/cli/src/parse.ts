import { parseArgs } from 'node:util';
import { fail, nearest } from '@sallyport/host/core';
import type { Arguments, Command, Given, Option, Options } from './command.ts';

/** Options of every subcommand. */
export const shared = {
  json: { says: 'print results and errors as JSON on stdout' },
  help: { says: 'show this help', short: 'h' },
} as const satisfies Options;

/** Parses what follows the words of a subcommand; `undefined` when help is asked for. @throws Fault `usage` */
export function parse(
  { arguments: wanted, options }: Command,
  path: string,
  argv: readonly string[],
): Given<Options, Arguments> | undefined {
  const see = `see: sallyport ${path} --help`;
  const refuse = (details: object, hint = see) => fail('usage', { command: path, ...details, hint });
  const known: Options = { ...options, ...shared };
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
      ]),
    ),
  });

  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known[token.name];
    if (option === undefined) return refuse({ option: token.rawName }, suggestion(token.name, known) ?? see);
    values.set(token.name, [...(values.get(token.name) ?? []), textOf(token, option)]);
  }
  if (values.has('help')) return undefined;

  const taken = Object.entries(options).map(([name, option]) => [name, read(name, option, values.get(name))]);
  const names = Object.entries(wanted);
  const isOpenEnded = names.at(-1)?.[1].many === true;
  if (words.length > names.length && !isOpenEnded) refuse({ argument: words[names.length] });
  const args = names.map(([name, { optional, choices, many }], index) => {
    const word = words[index];
    if (word === undefined && !optional) refuse({ missing: name });
    if (word !== undefined && choices && !choices.includes(word)) refuse({ [name]: word, choices });
    return [name, many ? words.slice(index) : word];
  });
  return {
    options: Object.fromEntries(taken),
    args: Object.fromEntries(args),
    json: values.has('json'),
  };

  function textOf(
    token: { rawName: string; value: string | undefined; inlineValue: boolean | undefined },
    option: Option,
  ) {
    const { rawName, value, inlineValue } = token;
    if (option.value === undefined)
      return value === undefined ? '' : refuse({ option: rawName, what: 'takes no value' });
    if (value === undefined || (!inlineValue && value.startsWith('-') && value !== '-')) {
      return refuse({ option: rawName, what: `needs a value: ${rawName} ${option.value}` });
    }
    if (option.choices && !option.choices.includes(value)) refuse({ option: rawName, value, choices: option.choices });
    return value;
  }

  function read(name: string, option: Option, given: readonly string[] | undefined) {
    if (given && given.length > 1 && !option.many) refuse({ option: `--${name}`, what: 'is given more than once' });
    if (option.value === undefined) return given !== undefined;
    if (option.many) return given ?? [];
    if (given === undefined && option.required) refuse({ missing: `--${name} ${option.value}` });
    return given?.[0] ?? option.default;
  }
}

function suggestion(name: string, known: Options): string | undefined {
  const meant = nearest(name, Object.keys(known));
  return meant && `did you mean --${meant}?`;
}
