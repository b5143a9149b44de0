import { dirname, extname, join, relative } from 'node:path';
import { fail } from '@sallyport/host/core';
import type { CompilerHost, CompilerOptions, Diagnostic } from 'typescript';
import type { Engine } from './engine.ts';
import { installHint } from './javascript-bundle.ts';
import { helpersFolder } from './javascript-helpers.ts';

/**
 * Type-checks a plugin's module and everything it imports, with the nearest tsconfig.json or else in strict mode.
 * JavaScript is checked too, with untyped values as `any`. The types of the contract and of `@sallyport/plugin` are
 * found without an installation; globals that the engine lacks have no types.
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

  // "No inputs were found" does not matter to a build that starts from one module.
  const noInputs = 18003;
  const unread = (config?.errors ?? []).filter(({ code }) => code !== noInputs);
  const wrong = unread.length > 0 ? unread : ts.getPreEmitDiagnostics(program).filter(each => isOwn(each));
  if (wrong.length === 0) return;
  const messages = wrong.map(({ file: where, start, messageText, code }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (where === undefined || start === undefined) return `TS${code}: ${text}`;
    const { line, character } = where.getLineAndCharacterOfPosition(start);
    return `${relative(folder, where.fileName)}:${line + 1}:${character + 1}: TS${code}: ${text}`;
  });
  const lines = messages.slice(0, 10);
  const more = messages.length > lines.length ? [`and ${messages.length - lines.length} more`] : [];
  const hint = hintOf(messages);
  const what = [...lines, ...more].join('\n');
  fail('plugin_build_failed', { plugin, file: source, what, ...(hint !== undefined && { hint }) });
}

const name = '@sallyport/plugin';

const readConfig = (ts: typeof import('typescript'), file: string) =>
  ts.parseJsonSourceFileConfigFileContent(ts.readJsonConfigFile(file, ts.sys.readFile), ts.sys, dirname(file));

/** Leaves out errors in installed packages, which the author cannot fix, and in JSDoc comments of JavaScript. */
function isOwn(diagnostic: Diagnostic): boolean {
  const { file } = diagnostic;
  const ofComments = (file as { jsDocDiagnostics?: readonly Diagnostic[] } | undefined)?.jsDocDiagnostics ?? [];
  return !file?.fileName.includes('/node_modules/') && !ofComments.includes(diagnostic);
}

/** Settings that no tsconfig.json overrides: write nothing, and allow imports with an extension. */
const always = { noEmit: true, allowImportingTsExtensions: true, emitDeclarationOnly: false, composite: false };

/** The libraries that each engine has, unless tsconfig.json says otherwise. */
const libraries: Readonly<Record<Engine, CompilerOptions>> = {
  quickjs: { lib: ['lib.es2023.d.ts'], types: [] },
  starlingmonkey: { lib: ['lib.es2023.d.ts', 'lib.webworker.d.ts'], types: [] },
};

/** Settings without a tsconfig.json. The numbers are values of TypeScript's enums: ES2023, ESNext, bundler. */
const strict = { strict: true, target: 10, module: 99, moduleResolution: 100, skipLibCheck: true };

/** JavaScript is checked unless tsconfig.json says `"checkJs": false`. */
const script = { allowJs: true, checkJs: true };

/** Parts of `strict` that need type annotations; for JavaScript they apply only where tsconfig.json names them. */
const ofTyped = ['noImplicitAny', 'strictNullChecks', 'useUnknownInCatchVariables'] as const;

/** These options are an error without strictNullChecks. */
const withoutNullChecks = { exactOptionalPropertyTypes: false, strictPropertyInitialization: false };

/** Removes `Intl` and locale parameters from the language's types, because the engine has neither. */
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

/** Returns a hint for the first error that has one. */
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
