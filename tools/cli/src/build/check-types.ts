import { dirname, extname, join, relative } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import type { CompilerHost, CompilerOptions, Diagnostic } from 'typescript';
import type { Engine } from './engine.ts';
import { installHint } from './javascript-bundle.ts';
import { helpersFolder } from './javascript-helpers.ts';

/**
 * Checks the types of a plugin's module and of all that it imports, by the nearest tsconfig.json, or else strictly; in
 * JavaScript too, where what nobody has given a type is taken as it is. The types of the contract and of
 * `@sallyport/plugin` are there without an installation, and what the engine does not have has none.
 * @param source an absolute path
 * @throws Fault `plugin_build_failed` with file and line of the first ten errors
 */
export async function checkTypes(plugin: string, source: string, engine: Engine = 'quickjs'): Promise<void> {
  const { default: ts } = await import('typescript');
  const folder = dirname(source);
  const file = ts.findConfigFile(folder, ts.sys.fileExists);
  const config = file === undefined ? undefined : readConfig(ts, file);
  const given: CompilerOptions = config === undefined ? strict : config.options;
  const isScript = extname(source) === '.js';
  if (isScript && given.checkJs === false) return;
  const options: CompilerOptions = { ...libraries[engine], ...(isScript && script), ...given, ...always };
  if (isScript) for (const each of ofTyped) options[each] = given[each] ?? false;
  if (options.strictNullChecks === false) Object.assign(options, withoutNullChecks);

  const host = withoutLocales(ts, ts.createCompilerHost(options));
  const own = ts.resolveModuleName(name, source, options, host).resolvedModule?.resolvedFileName;
  const helpers = own === undefined ? helpersFolder : dirname(own);
  if (own === undefined) {
    const paths = { [name]: [join(helpers, 'index.ts')], [`${name}/*`]: [join(helpers, '*.ts')] };
    options.paths = { ...options.paths, ...paths };
  }
  const declared = ['contract.d.ts', 'globals.d.ts'].map(each => join(helpers, each)).filter(ts.sys.fileExists);
  const program = ts.createProgram({ rootNames: [source, ...declared], options, host });

  // That a list of files to compile has none is nothing to a build that begins with one module.
  const noInputs = 18003;
  const unread = (config?.errors ?? []).filter(({ code }) => code !== noInputs);
  const wrong = unread.length > 0 ? unread : ts.getPreEmitDiagnostics(program).filter(each => isOwn(each));
  if (wrong.length === 0) return;
  const told = wrong.map(({ file: where, start, messageText, code }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (where === undefined || start === undefined) return `TS${code}: ${text}`;
    const { line, character } = where.getLineAndCharacterOfPosition(start);
    return `${relative(folder, where.fileName)}:${line + 1}:${character + 1}: TS${code}: ${text}`;
  });
  const lines = told.slice(0, 10);
  const more = told.length > lines.length ? [`and ${told.length - lines.length} more`] : [];
  const hint = hintOf(told);
  const what = [...lines, ...more].join('\n');
  fail('plugin_build_failed', { plugin, file: source, what, ...(hint !== undefined && { hint }) });
}

const name = '@sallyport/plugin';

const readConfig = (ts: typeof import('typescript'), file: string) =>
  ts.parseJsonSourceFileConfigFileContent(ts.readJsonConfigFile(file, ts.sys.readFile), ts.sys, dirname(file));

/** What is installed is not the author's to correct, and an at sign in a comment of JavaScript is no mistake. */
function isOwn(diagnostic: Diagnostic): boolean {
  const { file } = diagnostic;
  const ofComments = (file as { jsDocDiagnostics?: readonly Diagnostic[] } | undefined)?.jsDocDiagnostics ?? [];
  return !file?.fileName.includes('/node_modules/') && !ofComments.includes(diagnostic);
}

/** Nothing is written, and files are named by their extension. */
const always = { noEmit: true, allowImportingTsExtensions: true, emitDeclarationOnly: false, composite: false };

/** What is there when a plugin runs, unless tsconfig.json says otherwise. */
const libraries: Readonly<Record<Engine, CompilerOptions>> = {
  quickjs: { lib: ['lib.es2023.d.ts'], types: [] },
  starlingmonkey: { lib: ['lib.es2023.d.ts', 'lib.webworker.d.ts'], types: [] },
};

/** Where there is no tsconfig.json. Numbers are those of TypeScript's enums: ES2023, ESNext, bundler. */
const strict = { strict: true, target: 10, module: 99, moduleResolution: 100, skipLibCheck: true };

/** JavaScript is checked without `"checkJs": false`; what nobody has given a type may be anything. */
const script = { allowJs: true, checkJs: true };

/** Parts of `strict` that ask for types to be written; JavaScript is held to those that tsconfig.json names one by one. */
const ofTyped = ['noImplicitAny', 'strictNullChecks', 'useUnknownInCatchVariables'] as const;

/** Those cannot be asked for without strictNullChecks. */
const withoutNullChecks = { exactOptionalPropertyTypes: false, strictPropertyInitialization: false };

/** The engine has no `Intl`, and no function of it takes a locale: the types of the language are read without them. */
function withoutLocales(ts: typeof import('typescript'), host: CompilerHost): CompilerHost {
  const ofLanguage = /[\\/]lib\.es[^\\/]*\.d\.ts$/;
  return {
    ...host,
    getSourceFile(file, target, onError, isNew) {
      const text = ofLanguage.test(file) ? host.readFile(file) : undefined;
      if (text === undefined) return host.getSourceFile(file, target, onError, isNew);
      const kept = file.endsWith('.intl.d.ts')
        ? ''
        : text.replace(/^declare namespace Intl \{$[\s\S]*?^\}$/gm, '').replace(/^.*\bIntl\..*$/gm, '');
      return ts.createSourceFile(file, kept, target);
    },
  };
}

/** What to do about the first error that is known. */
function hintOf(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const [, module] = /TS(?:2307|2882): Cannot find module .*?'([^']+)'/.exec(line) ?? [];
    if (module !== undefined) return installHint(module);
    const [, name] = /TS(?:2304|2503|2552|2580|2584|2591): Cannot find (?:name|namespace) '(\w+)'/.exec(line) ?? [];
    if (name !== undefined)
      return `if ${name} is a global of Node or of browsers: see "What JavaScript has" in the plugin guide`;
  }
  return undefined;
}
