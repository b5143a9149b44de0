import { existsSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import type { Message, Plugin } from 'esbuild';
import { helpersFolder } from './javascript-helpers.ts';
import type { LineTable } from './prelude.ts';

export interface Bundle {
  /** One module, with no import but those of the host. */
  readonly code: string;
  /** Where its lines come from; paths are relative to the folder of the plugin's module. */
  readonly lines: LineTable;
  /** The interfaces of the host that are imported, as `clock`. */
  readonly imports: readonly string[];
}

/**
 * Makes one module of a plugin's module and of all that it imports: its own files, in TypeScript too, and npm packages.
 * @param source an absolute path
 * @param prelude stands before everything
 * @param host resolves what is imported of the host
 * @throws Fault `plugin_build_failed` with file and line
 */
export async function bundleJavaScript(plugin: string, source: string, prelude: string, host: Plugin): Promise<Bundle> {
  const { build } = await import('esbuild');
  const folder = dirname(source);
  const { metafile, outputFiles } = await build({
    entryPoints: [source],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    sourcemap: 'external',
    sourcesContent: false,
    outdir: folder,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    charset: 'utf8',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: prelude },
    plugins: [helpers, host],
  }).catch((error: { errors?: readonly Message[] }) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    return fail('plugin_build_failed', { plugin, file: source, ...explain(first) }, error);
  });
  const [map = '{}', code = ''] = ['.map', '.js'].map(end => outputFiles.find(({ path }) => path.endsWith(end))?.text);
  const imports = Object.values(metafile.outputs)
    .flatMap(output => output.imports)
    .flatMap(({ path }) => /^sallyport:plugin\/([^@]+)@/.exec(path)?.[1] ?? []);
  return { code, imports, lines: lineTable(code, map, folder) };
}

/** The helpers are there without an installation, unless the plugin brings its own. */
const helpers: Plugin = {
  name: 'sallyport',
  setup(build) {
    build.onResolve({ filter: /^@sallyport\/plugin$/ }, async ({ path, pluginData, kind, importer, resolveDir }) => {
      if (pluginData === helpers) return undefined;
      const own = await build.resolve(path, { kind, importer, resolveDir, pluginData: helpers });
      return own.errors.length === 0 ? own : { path: join(helpersFolder, 'index.ts') };
    });
  },
};

const explain = ({ text, location }: Message): { readonly what: string; readonly hint?: string } => ({
  what: location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text,
  ...(/^could not resolve/i.test(text) && {
    hint: 'install the package in the folder of the plugin; modules of Node ("node:…") are not there',
  }),
});

/** Lines that follow each other both here and there are one run: so the table stays small. */
function lineTable(code: string, map: string, folder: string): LineTable {
  const source = new SourceMap(JSON.parse(map));
  const files: string[] = [];
  const runs: [number, number, number][] = [];
  for (const [index, line] of code.split('\n').entries()) {
    const entry = source.findEntry(index, line.search(/\S|$/));
    if (!('originalSource' in entry) || entry.generatedLine !== index) continue;
    const path = resolve(folder, entry.originalSource);
    const name = existsSync(path) ? relative(folder, path) : entry.originalSource;
    const known = files.indexOf(name);
    const file = known === -1 ? files.push(name) - 1 : known;
    const [here, there] = [index + 1, entry.originalLine + 1];
    const last = runs.at(-1);
    if (last?.[1] === file && there - last[2] === here - last[0]) continue;
    runs.push([here, file, there]);
  }
  return { files, runs };
}
