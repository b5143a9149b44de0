import { access } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Fault, fail } from '@sallyport/host/core';
import { componentizeWith, engineOf } from './engine.ts';
import { readScriptContract } from './javascript-types.ts';
import type { Project } from './toolchain.ts';
import { pluginWorld } from './world.ts';

/** Sizes from which a component's largest packages are printed, and from which advice is added. */
const [large, tooLarge] = [2_500_000, 5_000_000];

/**
 * Type-checks a module in JavaScript or TypeScript and builds a component from it and everything it imports.
 * @throws Fault `plugin_build_failed`, `toolchain_missing`
 */
export async function buildJavaScript(project: Project, file: string): Promise<Uint8Array> {
  const { folder, descriptor, worldDir, signal, say } = project;
  const plugin = descriptor.id;
  const source = resolve(file);
  await access(source).catch(error =>
    fail('plugin_build_failed', { plugin, file, hint: 'name a file that can be read' }, error),
  );
  const [{ bundleJavaScript }, { checkTypes }] = await Promise.all([
    import('./javascript-bundle.ts'),
    import('./check-types.ts'),
  ]);
  const engine = await engineOf(plugin, folder);
  await checkTypes(plugin, source, engine);
  signal.throwIfAborted();
  const bundle = await bundleJavaScript({ descriptor, engine, source, contract: await readScriptContract(worldDir) });
  const world = pluginWorld(descriptor);
  const missing = bundle.imports.find(name => !world.includes(`import ${name};`));
  if (missing !== undefined) {
    const what = `it imports sallyport:plugin/${missing}, but plugin.json does not name the capability for it`;
    return fail('plugin_build_failed', { plugin, file, what, hint: 'add it to required_capabilities in plugin.json' });
  }
  for (const each of bundle.missing) say(`${plugin}: ${each}: see "What JavaScript has" in the plugin guide`);
  signal.throwIfAborted();
  const component = await componentizeWith[engine]({ descriptor, folder, worldDir, code: bundle.code }).catch(error => {
    if (error instanceof Fault) throw error;
    return fail('plugin_build_failed', { plugin, file, ...explain(error, relative(process.cwd(), source)) }, error);
  });
  if (engine === 'quickjs' && component.length > large) reportSize(component.length, bundle.packages);
  return component;

  function reportSize(bytes: number, packages: readonly (readonly [name: string, bytes: number])[]): void {
    const largest = packages.slice(0, 3).map(([name, size]) => `${name} ${Math.ceil(size / 1000)} KB`);
    const which = largest.length === 0 ? '' : `; largest packages by source: ${largest.join(', ')}`;
    const advice =
      bytes > tooLarge
        ? '. Every instance holds all of it in memory: import less, for example zod as * or zod/mini'
        : '';
    say(`${plugin}: the component is ${(bytes / 1e6).toFixed(1)} MB${which}${advice}`);
  }
}

/** Explains why a module failed at build time, when its top level runs without a gateway to answer host calls. */
function explain(error: unknown, file: string): { readonly what: string; readonly hint?: string } {
  const text = error instanceof Error ? error.message : String(error);
  return {
    what: text.replace(/^[: ]*(Failed to [^:]+: )*/, '').trim() || `${file} could not be built into a component`,
  };
}
