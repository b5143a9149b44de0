import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault, fail } from '@sallyport/host/core/fault';
import { componentizeWith, engineOf } from './engine.ts';
import { bundleJavaScript } from './javascript-bundle.ts';
import { hostModules } from './javascript-host-module.ts';
import { prelude, traces } from './prelude.ts';
import type { Project } from './toolchain.ts';
import { pluginWorld } from './world.ts';

/**
 * Makes a component of a module in JavaScript or TypeScript and of all that it imports.
 * @throws Fault `plugin_build_failed`, `toolchain_missing`
 */
export async function buildJavaScript(project: Project, file: string): Promise<Uint8Array> {
  const { folder, descriptor, worldDir, signal } = project;
  const plugin = descriptor.id;
  const source = resolve(file);
  await access(source).catch(error =>
    fail('plugin_build_failed', { plugin, file, hint: 'name a file that can be read' }, error),
  );
  const engine = await engineOf(plugin, folder);
  const bundle = await bundleJavaScript(plugin, source, prelude(descriptor), hostModules(worldDir, engine));
  const world = pluginWorld(descriptor);
  const missing = bundle.imports.find(name => !world.includes(`import ${name};`));
  if (missing !== undefined) {
    const what = `it imports sallyport:plugin/${missing}, and plugin.json does not name the capability that gives it`;
    return fail('plugin_build_failed', { plugin, file, what, hint: 'add it to required_capabilities in plugin.json' });
  }
  signal.throwIfAborted();
  const code = `${bundle.code}\n${traces(bundle.lines)}`;
  try {
    return await componentizeWith[engine]({ descriptor, folder, worldDir, code });
  } catch (error) {
    if (error instanceof Fault) throw error;
    return fail('plugin_build_failed', { plugin, file, ...explain(error) }, error);
  }
}

/** The top level of a plugin runs while it is built, and there is no gateway yet that could answer it. */
function explain(error: unknown): { readonly what: string; readonly hint?: string } {
  const text = error instanceof Error ? error.message : String(error);
  const called = /adapter ([a-z-]+)/.exec(text)?.[1];
  if (called === undefined) return { what: text.replace(/^[: ]+/, '').trim() };
  return {
    what: `the host's ${called} is called at the top level of the module`,
    hint: 'call console, Date, Math.random and all imports within configure or a hook',
  };
}
