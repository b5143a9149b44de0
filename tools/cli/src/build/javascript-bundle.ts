import { dirname, join } from 'node:path';
import { fail } from '@sallyport/host/core';
import { type BuildResult, build, type Message, type Plugin } from 'esbuild';
import { allBound, globalsOf } from './javascript-globals.ts';
import { helpersFolder } from './javascript-helpers.ts';
import { hostModules } from './javascript-host-module.ts';
import { type LineTable, lineTable, placeFinder, sourceName } from './javascript-lines.ts';
import { type ScriptStart, startModule, startModules } from './javascript-start.ts';

export interface Bundle {
  /** One module that imports nothing but the host's interfaces. */
  readonly code: string;
  /** Maps its lines to sources; paths are relative to the folder of the plugin's module. */
  readonly lines: LineTable;
  /** The host interfaces that are imported, for example `clock`. */
  readonly imports: readonly string[];
  /** Globals that it uses and a plugin does not have, one line each. */
  readonly missing: readonly string[];
  /** Bytes of code by npm package, largest first. */
  readonly packages: readonly (readonly [name: string, bytes: number])[];
}

/**
 * Bundles a plugin's module and everything it imports, TypeScript and npm packages included, into one module.
 * Globals that it uses and QuickJS lacks are added where a package provides them.
 * @throws Fault `plugin_build_failed` with file and line
 */
export async function bundleJavaScript(start: Omit<ScriptStart, 'globals'>): Promise<Bundle> {
  // StarlingMonkey has the globals of browsers.
  if (start.engine !== 'quickjs') return bundle({ ...start, globals: allBound });
  const first = await bundle({ ...start, globals: [] });
  const { imports, missing } = globalsOf(first.code, placeFinder(first.code, first.lines));
  const whole = imports.length === 0 ? first : await bundle({ ...start, globals: imports });
  return { ...whole, missing };
}

async function bundle(start: ScriptStart): Promise<Bundle> {
  const { source, descriptor, contract } = start;
  const folder = dirname(source);
  const result = await build({
    entryPoints: [startModule],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    sourcemap: 'external',
    sourcesContent: false,
    outfile: join(folder, 'plugin.js'),
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    charset: 'utf8',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: emptyTable },
    plugins: [startModules(start), helpers, hostModules(contract)],
  }).catch((error: { errors?: readonly Message[] }) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    return fail('plugin_build_failed', { plugin: descriptor.id, file: source, ...explain(first) }, error);
  });
  const [map = '{}', code = ''] = ['.map', '.js'].map(
    end => result.outputFiles.find(({ path }) => path.endsWith(end))?.text,
  );
  const imports = Object.values(result.metafile.outputs)
    .flatMap(output => output.imports)
    .flatMap(({ path }) => /^sallyport:plugin\/([^@]+)@/.exec(path)?.[1] ?? []);
  const lines = lineTable(code, map, folder);
  return {
    code: code.replace(emptyTable, () => table(lines)),
    imports,
    lines,
    missing: [],
    packages: sizes(result, folder),
  };
}

/** Formats the line table as one line, so that the line numbers after it stay the same. */
const table = (lines: LineTable): string => `const __sallyport_lines = ${JSON.stringify(JSON.stringify(lines))};`;
const emptyTable = table({ files: [], runs: [] });

/** Resolves `@sallyport/plugin` without an installation, unless the plugin has its own copy. */
const helpers: Plugin = {
  name: 'sallyport',
  setup(build) {
    build.onResolve(
      { filter: /^@sallyport\/plugin(\/(http|kv))?$/ },
      async ({ path, pluginData, kind, importer, resolveDir }) => {
        if (pluginData === helpers) return undefined;
        const own = await build.resolve(path, { kind, importer, resolveDir, pluginData: helpers });
        return own.errors.length === 0 ? own : { path: join(helpersFolder, `${path.split('/')[2] ?? 'index'}.ts`) };
      },
    );
  },
};

function explain({ text, location }: Message): { readonly what: string; readonly hint?: string } {
  const what = location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;
  const [, asked] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  return { what, ...(asked !== undefined && { hint: installHint(asked) }) };
}

/** Returns a hint for a module that cannot be resolved. */
export function installHint(specifier: string): string {
  if (/^[./]/.test(specifier)) return 'correct the path, with its extension';
  if (specifier.startsWith('node:')) return 'a plugin has no Node modules: use a package that does not need them';
  if (specifier.startsWith('sallyport:')) return 'docs/capabilities.md lists the interfaces of the host';
  const [scope = '', name = ''] = specifier.split('/');
  return `run in the plugin’s folder: npm install ${scope.startsWith('@') ? `${scope}/${name}` : scope}`;
}

function sizes(
  { metafile }: BuildResult<{ metafile: true }>,
  folder: string,
): readonly (readonly [name: string, bytes: number])[] {
  const bytesOf = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [source, { bytesInOutput }] of Object.entries(inputs)) {
      const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(sourceName(source, folder)) ?? [];
      if (name !== undefined) bytesOf.set(name, (bytesOf.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytesOf].toSorted(([, one], [, other]) => other - one);
}
