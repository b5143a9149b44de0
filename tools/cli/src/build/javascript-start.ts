import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { type Plugin, transform } from 'esbuild';
import type { Engine } from './engine.ts';
import { camelCase, type ScriptContract } from './javascript-types.ts';
import { exportsOf } from './world.ts';

/** The folder of the prelude: code that runs before a JavaScript plugin, and between it and the gateway. */
export const scriptFolder = join(import.meta.dirname, '../../javascript');

export interface ScriptStart {
  readonly descriptor: PluginDescriptor;
  readonly engine: Engine;
  readonly contract: ScriptContract;
  /** The absolute path of the plugin's module. */
  readonly source: string;
  /** Code that provides globals, in order. */
  readonly globals: readonly string[];
}

/** Folders of modules that the build adds to a component. */
const folders = [scriptFolder, packageFolder('core-js'), packageFolder('@ungap/structured-clone')];
const ours = new RegExp(`^(${folders.map(each => each.replace(/[^\w/]/g, '\\$&')).join('|')})`);

function packageFolder(name: string): string {
  return dirname(findPackageJSON(name, import.meta.url) ?? '');
}

/** The specifier of the bundle's entry module. */
export const startModule = 'sallyport:start';

/** Provides the entry module of a bundle and the modules generated for this plugin. */
export function startModules(start: ScriptStart): Plugin {
  const texts: Readonly<Record<string, string>> = {
    [startModule]: entry(start),
    'sallyport:build': `export const isQuickJs = ${start.engine === 'quickjs'};\nexport const hasCallSites = isQuickJs;`,
    'sallyport:powers': powers(start.descriptor),
  };
  return {
    name: 'sallyport-start',
    setup(build) {
      build.onResolve({ filter: /^sallyport:(start|build|powers)$/ }, ({ path }) => ({
        path,
        namespace: 'sallyport-start',
      }));
      build.onLoad({ filter: /^/, namespace: 'sallyport-start' }, ({ path }) => ({
        contents: texts[path] ?? '',
        resolveDir: import.meta.dirname,
      }));
      // The engine keeps the source text of every function, and our lines are hidden from stacks.
      build.onLoad({ filter: ours }, async ({ path }) => ({
        contents: (await transform(await readFile(path, 'utf8'), { minify: true, target: 'es2023' })).code,
      }));
    },
  };
}

function entry({ descriptor, contract, source, globals }: ScriptStart): string {
  const from = JSON.stringify(source);
  const exported = exportsOf(descriptor.kind).map(name => ({ name, functions: contract.functions(name) }));
  const results = exported.flatMap(({ functions }) => functions.flatMap(({ result }) => (result ? [result] : [])));
  return `import ${JSON.stringify(join(scriptFolder, 'places.js'))};
${globals.join('\n')}
import * as plugin from ${from};
import { guard } from ${JSON.stringify(join(scriptFolder, 'guard.js'))};
const types = ${JSON.stringify(contract.typesOf(results))};
${exported
  .map(({ name, functions }) => {
    const yields = Object.fromEntries(functions.map(each => [each.name, each.result ?? null]));
    const word = camelCase(name);
    return `export const ${word} = guard(${JSON.stringify(word)}, plugin[${JSON.stringify(word)}], types, ${JSON.stringify(yields)});`;
  })
  .join('\n')}
`;
}

/** Binds the interfaces behind the globals, or, if the descriptor does not declare one, an error that says so. */
function powers({ required_capabilities, optional_capabilities }: PluginDescriptor): string {
  const declared = new Set([...required_capabilities, ...optional_capabilities]);
  return [
    bind('log'),
    declared.has('clock') ? bind('clock') : withhold('clock', ['nowMs', 'monotonicNs'], 'Date and performance'),
    declared.has('random') ? bind('random') : withhold('random', ['bytes'], 'Math.random and crypto'),
  ].join('\n');
}

const bind = (name: string) => `export * as ${name} from 'sallyport:plugin/${name}@0.1.0';`;

/** Replaces an interface that the descriptor does not declare. */
const withhold = (capability: string, functions: readonly string[], what: string) => {
  const message = `${what} need the capability "${capability}": add it to required_capabilities in plugin.json`;
  const refuse = `() => { throw new Error(${JSON.stringify(message)}); }`;
  return `export const ${capability} = { ${functions.map(name => `${name}: ${refuse}`).join(', ')} };`;
};
