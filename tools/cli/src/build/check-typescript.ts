import { dirname, join, relative } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import type { CompilerOptions } from 'typescript';
import { helpersFolder } from './javascript-helpers.ts';

/**
 * Checks the types of a plugin's module and of all that it imports, by the nearest tsconfig.json, or else strictly.
 * The types of the contract and of `@sallyport/plugin` are there without an installation.
 * @param source an absolute path
 * @throws Fault `plugin_build_failed` with file and line of the first ten errors
 */
export async function checkTypeScript(plugin: string, source: string): Promise<void> {
  const { default: ts } = await import('typescript');
  const folder = dirname(source);
  const file = ts.findConfigFile(folder, ts.sys.fileExists);
  const config = file === undefined ? undefined : readConfig(ts, file);
  const options: CompilerOptions = { ...quickjs, ...(config === undefined ? strict : config.options), ...always };

  const host = ts.createCompilerHost(options);
  const own = ts.resolveModuleName(name, source, options, host).resolvedModule?.resolvedFileName;
  const helpers = own === undefined ? helpersFolder : dirname(own);
  if (own === undefined) options.paths = { ...options.paths, [name]: [join(helpers, 'index.ts')] };
  const declared = ['contract.d.ts', 'globals.d.ts'].map(each => join(helpers, each)).filter(ts.sys.fileExists);
  const program = ts.createProgram({ rootNames: [source, ...declared], options, host });

  // That a list of files to compile has none is nothing to a build that begins with one module.
  const noInputs = 18003;
  const unread = (config?.errors ?? []).filter(({ code }) => code !== noInputs);
  const wrong = unread.length > 0 ? unread : ts.getPreEmitDiagnostics(program);
  if (wrong.length === 0) return;
  const lines = wrong.slice(0, 10).map(({ file: where, start, messageText, code }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (where === undefined || start === undefined) return `TS${code}: ${text}`;
    const { line, character } = where.getLineAndCharacterOfPosition(start);
    return `${relative(folder, where.fileName)}:${line + 1}:${character + 1}: TS${code}: ${text}`;
  });
  const more = wrong.length > lines.length ? [`and ${wrong.length - lines.length} more`] : [];
  fail('plugin_build_failed', { plugin, file: source, what: [...lines, ...more].join('\n') });
}

const name = '@sallyport/plugin';

const readConfig = (ts: typeof import('typescript'), file: string) =>
  ts.parseJsonSourceFileConfigFileContent(ts.readJsonConfigFile(file, ts.sys.readFile), ts.sys, dirname(file));

/** Nothing is written, and files are named by their extension. */
const always = { noEmit: true, allowImportingTsExtensions: true, emitDeclarationOnly: false, composite: false };

/** What is there when a plugin runs, unless tsconfig.json says otherwise. */
const quickjs = { lib: ['lib.es2023.d.ts'], types: [] };

/** Where there is no tsconfig.json. Numbers are those of TypeScript's enums: ES2023, ESNext, bundler. */
const strict = { strict: true, target: 10, module: 99, moduleResolution: 100, skipLibCheck: true };
