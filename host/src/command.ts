import { parseArgs } from 'node:util';
import { fail } from './core/fault.ts';

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' | 'version' }
  | { readonly name: 'serve' | 'check'; readonly config: string; readonly json: boolean };

export const helpText = `Usage: sallyport <command> [options]

Commands:
  serve     load and verify all plugins, reach all upstreams, and serve MCP
  check     load and verify all plugins as serve does, and start nothing

Options:
  -c, --config FILE   the configuration (default: sallyport.yaml)
  --json              results and errors for machines, on stdout
  -h, --help          this text
  --version           the version

Example:
  sallyport check -c sallyport.yaml && sallyport serve -c sallyport.yaml
`;

/** Reads the arguments after the program's name. @throws Fault `usage` */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [name, ...rest] = positionals;
  if (values.help === true || (name === undefined && values.version !== true)) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  if (rest.length > 0) fail('usage', { argument: rest.join(' ') });
  if (name !== 'serve' && name !== 'check') return fail('usage', { command: name });
  return { name, config: values.config ?? 'sallyport.yaml', json: values.json ?? false };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    return fail('usage', { reason: error instanceof Error ? error.message : String(error) }, error);
  }
}
