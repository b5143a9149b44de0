import { parseArgs } from 'node:util';
import { fail } from '../core/fault.ts';

/** What every command that reads a configuration takes. */
interface Common {
  readonly config: string;
  readonly json: boolean;
}

/** `serve` and `check`. */
export interface StartCommand extends Common {
  readonly name: 'serve' | 'check';
  readonly frozen: boolean;
  readonly allowDowngrade: boolean;
}

export interface LockCommand extends Common {
  readonly name: 'lock';
  /** Ids of the plugins whose changes the operator agrees with. */
  readonly approve: readonly string[];
  readonly allowDowngrade: boolean;
}

export interface GrantsCommand extends Common {
  readonly name: 'grants';
  readonly plugin: string;
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | StartCommand
  | LockCommand
  | GrantsCommand;

export const helpText = `Usage: sallyport <command> [options]

Commands:
  serve     load and verify all plugins, reach all upstreams, and serve MCP
  check     load and verify all plugins, and refuse what serve would, without starting anything
  lock      pin all plugins in sallyport.lock, beside the configuration; serve and check then
            refuse whatever is not as it is pinned
  grants PLUGIN
            what PLUGIN is granted, and what it would need by what \`grants: learn\` recorded

Options:
  -c, --config FILE   the configuration (default: sallyport.yaml)
  --json              results and errors for machines, on stdout
  -h, --help          this text
  --version           the version

Options of lock:
  --approve PLUGIN    accept what PLUGIN asks for beyond what was approved; may be repeated

Options of serve and check:
  --frozen            refuse to start unless the lockfile names exactly the configured plugins

Options of serve, check and lock:
  --allow-downgrade   accept plugins older than those that were accepted before

Example:
  sallyport check -c sallyport.yaml && sallyport serve -c sallyport.yaml
`;

/** The options of each command, beside those that all have. */
const optionsOf = {
  serve: ['frozen', 'allow-downgrade'],
  check: ['frozen', 'allow-downgrade'],
  lock: ['approve', 'allow-downgrade'],
  grants: [],
} as const;

/** Reads the arguments after the program's name. @throws Fault `usage` */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [name, ...rest] = positionals;
  if (values.help === true || (name === undefined && values.version !== true)) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  if (!isCommand(name)) return fail('usage', { command: name });
  const [plugin = '', ...more] = name === 'grants' ? rest : ['', ...rest];
  if (more.length > 0) fail('usage', { argument: more.join(' ') });
  if (name === 'grants' && plugin === '') fail('usage', { command: name, missing: 'the id of a plugin' });
  const taken: readonly string[] = [...optionsOf[name], 'config', 'json'];
  const stray = Object.keys(values).find(option => !taken.includes(option));
  if (stray !== undefined) fail('usage', { command: name, option: `--${stray}` });
  const common = { config: values.config ?? 'sallyport.yaml', json: values.json ?? false };
  if (name === 'grants') return { name, ...common, plugin };
  const allowDowngrade = values['allow-downgrade'] ?? false;
  if (name === 'lock') return { name, ...common, allowDowngrade, approve: values.approve ?? [] };
  return { name, ...common, allowDowngrade, frozen: values.frozen ?? false };
}

const isCommand = (name: string | undefined): name is keyof typeof optionsOf =>
  name !== undefined && Object.hasOwn(optionsOf, name);

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
        frozen: { type: 'boolean' },
        approve: { type: 'string', multiple: true },
        'allow-downgrade': { type: 'boolean' },
      },
    });
  } catch (error) {
    return fail('usage', { reason: error instanceof Error ? error.message : String(error) }, error);
  }
}
